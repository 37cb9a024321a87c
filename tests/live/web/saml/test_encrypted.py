"""Encrypted assertions, as xmlsec1 makes them: with AES-GCM and RSA-OAEP they are read, and nothing else is."""

import subprocess
from pathlib import Path

import pytest

from support.identity.saml import SAML_NS, our_key
from support.identity.saml_encrypted import XENC, XENC11
from support.web.saml_stage import SamlStage, SamlVisitor

_TEMPLATE = """<?xml version="1.0"?>
<EncryptedData xmlns="{xenc}" Type="{xenc}Element"><EncryptionMethod Algorithm="{method}"/>
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="{xenc}">
<EncryptionMethod Algorithm="{transport}"/>
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><KeyName/></KeyInfo><CipherData><CipherValue/></CipherData>
</EncryptedKey></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>"""
GCM, CBC = f"{XENC11}aes256-gcm", f"{XENC}aes256-cbc"
OAEP, PKCS1 = f"{XENC}rsa-oaep-mgf1p", f"{XENC}rsa-1_5"


def encrypted(folder: Path, assertion: str, method: str, transport: str) -> str:
    (folder / "plain.xml").write_text(f'<?xml version="1.0"?>\n{assertion}')
    (folder / "template.xml").write_text(_TEMPLATE.format(xenc=XENC, method=method, transport=transport))
    (folder / "ours.pem").write_bytes(our_key()[our_key().index(b"-----BEGIN CERTIFICATE") :])
    command = ["xmlsec1", "--encrypt", "--pubkey-cert-pem", "ours.pem", "--session-key", "aes-256"]
    files = ["--xml-data", "plain.xml", "--output", "out.xml", "template.xml"]
    subprocess.run([*command, *files], check=True, capture_output=True, cwd=folder)
    made = (folder / "out.xml").read_text().partition("?>\n")[2]
    return f"<saml:EncryptedAssertion {SAML_NS}>{made}</saml:EncryptedAssertion>"


async def test_an_encrypted_assertion_is_proof(guest: SamlVisitor, tmp_path: Path) -> None:
    await guest.asked()
    forge = guest.forge()
    signed = forge.signed_assertion()
    forge.after = lambda r: (
        r.partition("<saml:Assertion")[0] + encrypted(tmp_path, signed, GCM, OAEP) + "</samlp:Response>"
    )
    status, text, to = await guest.bring_forged(forge)
    assert status == 303, text
    assert (await guest.ask(to))[0] == 303
    assert "alice" in (await guest.ask("/"))[1]


@pytest.mark.parametrize(("method", "transport"), [(CBC, OAEP), (GCM, PKCS1)])
async def test_what_would_tell_too_much(
    guest: SamlVisitor, saml: SamlStage, tmp_path: Path, method: str, transport: str
) -> None:
    await guest.asked()
    forge = guest.forge()
    hidden = encrypted(tmp_path, forge.signed_assertion(), method, transport)
    forge.after = lambda r: r.partition("<saml:Assertion")[0] + hidden + "</samlp:Response>"
    status, text, _ = await guest.bring_forged(forge)
    assert (status, "AES-GCM with RSA-OAEP, or no encryption" in text) == (403, True)
    [event] = await saml.world.events("web:browser:sign_in")
    assert event["detail"]["why"] == "encryption"


async def test_an_encrypted_assertion_must_be_signed_too(guest: SamlVisitor, saml: SamlStage, tmp_path: Path) -> None:
    await guest.asked()
    forge = guest.forge(signs_assertion=False)
    hidden = encrypted(tmp_path, forge.assertion(), GCM, OAEP)
    forge.after = lambda r: r.partition("<saml:Assertion")[0] + hidden + "</samlp:Response>"
    assert (await guest.bring_forged(forge))[0] == 403
    [event] = await saml.world.events("web:browser:sign_in")
    assert event["detail"]["why"] == "unsigned"
