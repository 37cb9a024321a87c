"""Names that tell what stands beside them."""

import pytest

from proxy.kubernetes.objects.names import Names
from support.kubernetes.maskers import masker


@pytest.mark.parametrize(
    "name", ["cvv", "CVV", "card_cvc", "cvv_2", "my_security_code_x", "cardCvc", "card code", "AWS_SECRET_ACCESS_KEY"]
)
def test_these_tell(name: str) -> None:
    assert Names(masker()).tells(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "name",
        "app",
        "f:cvvx",
        "value",
        "recvc",
        "code",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_these_do_not(name: str) -> None:
    assert not Names(masker()).tells(name)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("cvv", "907", "***"), ("cvv", "anything", "***"), ("cardCvc", "907", "***"), ("cardCvc", "none", "none")],
)
def test_what_stands_beside_them(name: str, value: str, shown: str) -> None:
    assert Names(masker()).beside(name, value) == shown


def test_asking_counts_nothing_and_is_remembered_within_bounds() -> None:
    ours = masker()
    names = Names(ours)
    assert not names.any_tells(f"name-{number}" for number in range(5000))
    assert names.any_tells(["name-1", "cvv"])
    assert names.any_tells(["cvv"])
    assert ours.counts == {}
    assert len(names._told) <= 4096
