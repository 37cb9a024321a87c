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
        "proxy/masking/byte_patterns.py",
        "proxy/masking/detectors/aws_key.py",
        "proxy/masking/detectors/cvv.py",
        "proxy/masking/detectors/detector.py",
        "proxy/masking/detectors/email.py",
        "proxy/masking/detectors/github_token.py",
        "proxy/masking/detectors/iban.py",
        "proxy/masking/detectors/jwt.py",
        "proxy/masking/detectors/pan.py",
        "proxy/masking/detectors/password.py",
        "proxy/masking/detectors/phone.py",
        "proxy/masking/detectors/private_key.py",
        "proxy/masking/detectors/secret.py",
        "proxy/masking/detectors/shaped.py",
        "proxy/masking/detectors/ssn.py",
        "proxy/masking/discard.py",
        "proxy/masking/edits.py",
        "proxy/masking/from_policy.py",
        "proxy/masking/hints.py",
        "proxy/masking/holdback.py",
        "access/policy/served.py",
        "simulator/slack_simulator/base/schema.py",
        "simulator/slack_simulator/faults/catalogue.py",
        "simulator/slack_simulator/faults/faults.py",
        "simulator/slack_simulator/manifest/schema.py",
        "proxy/masking/cards/candidates.py",
        "proxy/masking/cards/grouping.py",
        "proxy/masking/cards/pans.py",
        "proxy/masking/normalise.py",
        "simulator/slack_simulator/blocks/attachments.py",
        "simulator/slack_simulator/blocks/elements.py",
        "simulator/slack_simulator/blocks/normal.py",
        "simulator/slack_simulator/blocks/objects.py",
        "simulator/slack_simulator/blocks/rich_text.py",
    }
)
