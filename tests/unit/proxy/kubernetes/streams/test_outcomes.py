"""How a program in a container ended, as its server says it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.streams.outcomes import MAX_BYTES, SUCCESS, Outcome, encode, exited, read
from proxy.kubernetes.streams.violation import StreamViolation


def test_success() -> None:
    assert read(b'{"metadata":{},"status":"Success"}\n') == SUCCESS == exited(0)
    assert SUCCESS.is_success
    assert json.loads(encode(SUCCESS)) == {"metadata": {}, "status": "Success"}


def test_an_exit_code() -> None:
    # As a kubelet writes it.
    told = (
        b'{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit status 3",'
        b'"reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}'
    )
    assert read(told) == exited(3)
    assert not exited(3).is_success
    assert json.loads(encode(exited(3))) == json.loads(told)


def test_another_failure() -> None:
    told = b'{"status":"Failure","message":"container not found","reason":"InternalError","code":500,"details":null}'
    assert read(told) == Outcome(None, "container not found", "InternalError")
    assert read(b'{"status":"Failure"}') == Outcome(None)
    assert read(encode(Outcome(None, "gone", "Gone"))) == Outcome(None, "gone", "Gone")


def test_the_first_code_counts() -> None:
    causes = [
        {"reason": "Other", "message": "9"},
        {"reason": "ExitCode", "message": "4"},
        {"reason": "ExitCode", "message": "5"},
    ]
    told = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    assert read(json.dumps(told).encode()).exit_code == 4


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"error executing command",
        b"null",
        b"[]",
        b"{}",
        b'{"status":"success"}',
        b'{"status":1}',
        b'{"status":"Success","status":"Failure"}',
        b'{"status":"Failure","message":1}',
        b'{"status":"Failure","reason":null}',
        b'{"status":"Failure","reason":"NonZeroExitCode"}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":[]}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[]}}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[1,{"reason":"ExitCode"}]}}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":3}]}}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"256"}]}}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"-1"}]}}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"0"}]}}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":""}]}}',
        b"\xff",
        b"[" * 5000,
        b" " * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_status_of_an_end(told: bytes) -> None:
    with pytest.raises(StreamViolation):
        read(told)


@given(st.integers(0, 255))
def test_codes_come_back(code: int) -> None:
    assert read(encode(exited(code))) == exited(code)


@given(st.binary(max_size=40))
def test_anything_else_is_a_violation(told: bytes) -> None:
    with pytest.raises(StreamViolation):
        read(told)
