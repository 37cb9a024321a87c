"""`gatepass check` tells of SAML metadata in files, with their line, what a sign-in would find too late."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import application
from support.identity.saml import IDP, at, metadata

POLICY = """\
version: 1
providers:
  okta:
    saml:
      entity_id: {entity_id}
      metadata: {metadata}
    email: managed
"""


def checked(tmp_path: Path, where: str, entity_id: str = IDP) -> list[str]:
    """What is said of the metadata."""
    policy = tmp_path / "gatepass.yml"
    policy.write_text(POLICY.format(entity_id=entity_id, metadata=where))
    policy.chmod(0o600)
    ran = CliRunner().invoke(application(), ["check", str(policy)])
    assert (ran.exit_code, "is valid: 0 resources" in ran.output) == (0, True), ran.output
    here = f"{policy}:6: warning: providers.okta.saml.metadata: nobody can sign in at okta: "
    return [line.removeprefix(here) for line in ran.output.splitlines() if line.startswith(here)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (metadata(), None),
        ("", "cannot be used: it is no metadata of SAML's."),
        ("<html><body>Sign in</body></html>", f'cannot be used: it says nothing of "{IDP}".'),
        ("x" * 2_000_000, "cannot be used: it is no metadata of SAML's."),
        (metadata(entity_id="https://other.example.com"), f'cannot be used: it says nothing of "{IDP}".'),
        (metadata(more=f' validUntil="{at(-60)}"'), "cannot be used: what it says is no longer valid (validUntil)."),
        (metadata().replace("SingleSignOn", "Other"), "cannot be used: it offers no sign-in by HTTP-Redirect"),
    ],
)
def test_what_stands_in_the_file(tmp_path: Path, text: str, why: str | None) -> None:
    path = tmp_path / "okta.xml"
    path.touch(0o600)
    path.write_text(text)
    said = checked(tmp_path, f"file:{path}")
    assert [each.startswith(f"{path} {why}") for each in said] == ([] if why is None else [True]), said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "okta.xml"
    assert checked(tmp_path, f"file:{path}") == [f"{path} is not there. Save the provider's metadata in it."]


def test_a_file_that_others_may_write(tmp_path: Path) -> None:
    path = tmp_path / "okta.xml"
    path.write_text(metadata())
    path.chmod(0o666)
    [said] = checked(tmp_path, f"file:{path}")
    assert said == f"it has metadata in a file that can be written by everybody on its machine: chmod go-w {path}."


def test_what_is_no_file(tmp_path: Path) -> None:
    """Nobody waits for somebody who writes into a pipe."""
    os.mkfifo(tmp_path / "okta.xml")
    for path in (tmp_path / "okta.xml", tmp_path):
        assert checked(tmp_path, f"file:{path}") == [f"it has metadata in what is no file: {path}."]
    (tmp_path / "plain").touch()
    [said] = checked(tmp_path, f"file:{tmp_path}/plain/okta.xml")
    assert "cannot be read (Not a directory)" in said


def test_an_address_is_not_asked(tmp_path: Path) -> None:
    assert checked(tmp_path, "https://idp.example.com/metadata") == []
