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
        "access/policy/served.py",
        "simulator/slack_simulator/base/schema.py",
        "simulator/slack_simulator/faults/catalogue.py",
        "simulator/slack_simulator/faults/faults.py",
        "simulator/slack_simulator/manifest/schema.py",
        "proxy/masking/cards/candidates.py",
        "proxy/masking/cards/grouping.py",
        "proxy/masking/cards/pans.py",
        "proxy/masking/detectors/codes.py",
        "proxy/masking/detectors/emails.py",
        "proxy/masking/detectors/keys.py",
        "proxy/masking/detectors/labels.py",
        "proxy/masking/detectors/numbers.py",
        "proxy/masking/entities.py",
        "proxy/masking/normalise.py",
        "proxy/masking/policy.py",
        "proxy/masking/swallow.py",
        "proxy/masking/tails.py",
        "proxy/shell/evaluations.py",
        "proxy/shell/prefixes.py",
        "proxy/shell/programs.py",
        "proxy/shell/secrets.py",
        "proxy/shell/words.py",
        "proxy/shell/wrappers.py",
        "simulator/slack_simulator/blocks/attachments.py",
        "simulator/slack_simulator/blocks/elements.py",
        "simulator/slack_simulator/blocks/normal.py",
        "simulator/slack_simulator/blocks/objects.py",
        "simulator/slack_simulator/blocks/rich_text.py",
    }
)
