"""A request's signature is the one that Slack's own SDK makes."""

from slack_sdk.signature import SignatureVerifier

from slack_simulator.delivery.http_mode import signature

SECRET = "simulator-signing-secret"


def test_the_signature_is_that_of_slack_s_own_sdk() -> None:
    body = b'{"a": "\xc3\xa9"}'
    assert signature(SECRET, "1764000000", body) == SignatureVerifier(SECRET).generate_signature(
        timestamp="1764000000", body=body
    )
