"""Known exceptions from the rules. They may only shrink: one that is no exception any more is a finding itself."""

#: Modules at which a circle begins.
IN_A_CIRCLE: frozenset[str] = frozenset({})

#: Folders with too many files.
CROWDED: frozenset[str] = frozenset({})

#: Unit tests that stand where no module stands.
TEST_WITHOUT_MODULE: frozenset[str] = frozenset({})

#: Modules of pure rooms without a unit test.
PURE_WITHOUT_TEST: frozenset[str] = frozenset({})
