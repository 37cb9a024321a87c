"""Known exceptions from the rules. They may only shrink: one that is no exception any more is a finding itself."""

#: Modules at which a circle begins.
IN_A_CIRCLE: frozenset[str] = frozenset({})

#: Folders with too many files.
CROWDED: frozenset[str] = frozenset({})

#: Unit tests that stand where no module stands.
TEST_WITHOUT_MODULE: frozenset[str] = frozenset({})

#: Modules of pure rooms without a unit test.
PURE_WITHOUT_TEST: frozenset[str] = frozenset(
    {
        "simulator/slack_simulator/base/schema.py",
        "simulator/slack_simulator/faults/catalogue.py",
        "simulator/slack_simulator/faults/faults.py",
        "simulator/slack_simulator/manifest/schema.py",
        "simulator/slack_simulator/blocks/attachments.py",
        "simulator/slack_simulator/blocks/elements.py",
        "simulator/slack_simulator/blocks/normal.py",
        "simulator/slack_simulator/blocks/objects.py",
        "simulator/slack_simulator/blocks/rich_text.py",
    }
)
