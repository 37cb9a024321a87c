"""docs/identity.md sets up a provider that speaks SAML: its file is valid, and the words of its refusals are ours."""

import re
import textwrap
from pathlib import Path

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.sign_in import CannotSignIn, SignInProblem
from access.policy.file import parse
from access.policy.shapes.providers import SamlProvider

TEXT = (Path(__file__).parents[3] / "docs" / "identity.md").read_text(encoding="utf-8")
SAML = TEXT.partition("### A provider that speaks SAML\n")[2].partition("\n## ")[0]


def test_the_file_of_the_set_up_is_valid() -> None:
    file = textwrap.dedent(SAML.partition("```yaml\n")[2].partition("```")[0])
    policy = parse(file, Path("gatepass.yml"))
    provider = policy.providers["okta"]
    assert isinstance(provider, SamlProvider)
    assert (provider.shown, provider.saml.metadata) == ("Example Corp", "file:/etc/gatepass/okta.xml")
    assert "db-oncall" in policy.groups


def test_who_is_found_by_their_nameid() -> None:
    file = textwrap.dedent(SAML.partition("```yaml\n")[2].partition("```")[0])
    assert "`identify: subject` in place of `email: managed`" in SAML
    assert "`alice: {subjects: {okta: 00u1abc}}`" in SAML
    file = file.replace("email: managed", "identify: subject").replace(
        "alice: {email: alice@example.com}", "alice: {subjects: {okta: 00u1abc}}"
    )
    assert parse(file, Path("gatepass.yml")).people["alice"].subjects == {"okta": "00u1abc"}


def test_the_words_of_refusals() -> None:
    """What people read, by the word in the audit log: the row has a piece of each sentence."""
    said = {each.value: str(InvalidSaml(each)) for each in SamlProblem}
    said |= {each.value: str(CannotSignIn(each, "P")) for each in SignInProblem}
    rows = re.findall(r"^\| (\*.*) \| audit: ((?:`[a-z_]+`(?:, )?)+)[^|]* \|", SAML, flags=re.MULTILINE)
    assert len(rows) >= 9
    for reads, words in rows:
        pieces = [part for each in re.findall(r"\*([^*]+)\*", reads) for part in each.split(" … ")]
        for word in re.findall(r"`([a-z_]+)`", words):
            assert any(piece in said[word] for piece in pieces), (word, said[word], pieces)
