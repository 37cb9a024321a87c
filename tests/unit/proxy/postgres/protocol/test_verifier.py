"""The verifier is the one that a server makes, and lets in whoever knows the password."""

import base64
import hashlib
import hmac

from proxy.postgres.protocol.scram import ScramClient
from proxy.postgres.protocol.verifier import verifier


def test_the_example_of_rfc_7677() -> None:
    """Section 3: password `pencil`, its salt, 4096 iterations; the keys are those that its proof and signature need."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    made = verifier("pencil", salt=salt)
    assert made == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_a_client_that_knows_the_password_proves_it_to_the_verifier() -> None:
    scheme, count_and_salt, keys = verifier("pä'ss\\word").split("$")
    iterations, salt = count_and_salt.split(":")
    stored, server = map(base64.b64decode, keys.split(":"))
    client = ScramClient(nonce="abc")
    first = client.first().removeprefix(b"n,,")
    challenge = f"r=abcdef,s={salt},i={iterations}".encode()
    without_proof, _, proof = client.final(challenge, "pä'ss\\word").rpartition(b",p=")
    message = b",".join((first, challenge, without_proof))
    signature = hmac.digest(stored, message, "sha256")
    key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature, strict=True))
    assert hashlib.sha256(key).digest() == stored
    client.verify(b"v=" + base64.b64encode(hmac.digest(server, message, "sha256")))
    assert scheme == "SCRAM-SHA-256"


def test_two_verifiers_of_a_password_are_not_the_same() -> None:
    assert verifier("x") != verifier("x")
