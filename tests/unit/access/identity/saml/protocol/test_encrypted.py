"""Encrypted assertions: what is decrypted, and what is not even tried."""

from typing import Any

import pytest

from access.identity.saml.protocol.documents import read, saml
from access.identity.saml.protocol.encrypted import decrypted
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from support.identity.issuers import rsa_key
from support.identity.saml import DS, SAML_NS
from support.identity.saml_encrypted import XENC, XENC11, encrypted

P = SamlProblem
KEY = rsa_key("ours")
PLAIN = f'<saml:Assertion {SAML_NS} ID="_a"/>'


def made(plain: str = PLAIN, **more: Any) -> str:
    return encrypted(plain, KEY.public_key(), **more)


def reason(text: str) -> SamlProblem:
    with pytest.raises(InvalidSaml) as refused:
        decrypted(read(text.encode()), KEY)
    return refused.value.reason


def test_there_and_back() -> None:
    found = decrypted(read(made().encode()), KEY)
    assert (found.tag, found.get("ID")) == (saml("Assertion"), "_a")


def test_with_the_namespaces_above_it() -> None:
    assert decrypted(read(made('<saml:Assertion ID="_a"/>').encode()), KEY).get("ID") == "_a"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (made(method=f"{XENC}aes256-cbc"), P.ENCRYPTION),
        (made(method=f"{XENC}tripledes-cbc"), P.ENCRYPTION),
        (made(transport=f"{XENC}rsa-1_5"), P.ENCRYPTION),
        (made(inside=f'<ds:DigestMethod Algorithm="{DS}md5"/>'), P.ENCRYPTION),
        (made(inside="<xenc:OAEPparams>AAAA</xenc:OAEPparams>"), P.ENCRYPTION),
        (made().replace("<xenc:EncryptedKey>", "<xenc:EncryptedKey/><xenc:EncryptedKey>"), P.ENCRYPTION),
        (
            made().replace("</xenc:EncryptedData>", '<xenc:CipherReference URI="file:/x"/></xenc:EncryptedData>'),
            P.ENCRYPTION,
        ),
        (encrypted(PLAIN, rsa_key("others").public_key()), P.UNDECIPHERABLE),
        (made(method=f"{XENC11}aes128-gcm"), P.UNDECIPHERABLE),
        (
            made().replace(
                "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>",
                "AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>",
            ),
            P.MALFORMED,
        ),
        (made(f"<!DOCTYPE x>{PLAIN}"), P.MALFORMED),
        (made(f"{PLAIN}{PLAIN}"), P.NO_ASSERTION),
        (made("<x/>"), P.NO_ASSERTION),
        (made("</around><around>"), P.MALFORMED),
        (made(""), P.NO_ASSERTION),
    ],
)
def test_what_is_refused(text: str, problem: SamlProblem) -> None:
    assert reason(text) in {problem, P.UNDECIPHERABLE} if problem is P.MALFORMED else reason(text) is problem
