"""A pattern is compiled once, when it is first used."""

from proxy.lazily import Lazily
from proxy.masking import registry
from proxy.masking.detectors import private_key


def test_a_pattern_is_compiled_once_and_late() -> None:
    pattern = Lazily(rb"a+")
    assert "compiled" not in vars(pattern)
    compiled = pattern.compiled
    assert compiled.match(b"aa")
    assert pattern.compiled is compiled


def test_what_is_prepared_is_there() -> None:
    registry.prepare()
    patterns = [each for each in vars(private_key).values() if isinstance(each, Lazily)]
    assert patterns
    assert all("compiled" in vars(each) for each in patterns)
