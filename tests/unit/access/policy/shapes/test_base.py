"""What every part of gatepass.yml is made of."""

import pytest
from pydantic import TypeAdapter, ValidationError

from access.policy.shapes.base import Frozen, Name, SecretRef


class Part(Frozen):
    name: Name
    password: SecretRef


@pytest.mark.parametrize("reference", ["env:PASSWORD", "file:/run/secrets/x"])
def test_a_reference_to_a_secret(reference: str) -> None:
    assert Part(name="a", password=reference).password == reference


@pytest.mark.parametrize("secret", ["hunter2", "env:", "env:1X", "file:relative", "file:/a b"])
def test_a_secret_itself_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Part(name="a", password=secret)
    assert "is not a reference to a secret" in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a" * 64])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(name)
