"""What we sign as XML is what we would take ourselves, and xmlsec1 finds it good: tests/live/web/saml verifies it."""

import base64
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from access.identity.saml.protocol.documents import ds, read, saml, samlp
from access.identity.saml.protocol.messages import Ourselves, logout_answer
from access.identity.saml.protocol.signatures import signed
from access.identity.saml.protocol.signing import with_signature
from support.identity.saml import keys

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_answer_with_its_signature() -> None:
    key = load_pem_private_key(keys("us").key, password=None)
    assert isinstance(key, RSAPrivateKey)
    ours = Ourselves("https://gate.example.com", "okta")
    answer = logout_answer("_n", "_q", ours, "https://idp.example.com/slo", NOW, is_known=True)
    made = with_signature(answer, key, keys("us").text)
    root = read(made)
    # saml-core 3.2.2: the issuer, the signature, and all else.
    assert [each.tag for each in root] == [saml("Issuer"), ds("Signature"), samlp("Status")]
    assert signed(root).name == "_n"
    said = base64.b64decode(root.findtext(f".//{ds('X509Certificate')}"))
    assert x509.load_der_x509_certificate(said) == x509.load_pem_x509_certificate(keys("us").certificate)
