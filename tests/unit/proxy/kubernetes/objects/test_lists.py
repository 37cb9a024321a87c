"""The outside of lists."""

import pytest

from proxy.kubernetes.objects.lists import Head, begins_list, head_of, masked_tail
from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.places import Place
from proxy.kubernetes.objects.unreadable import Unreadable
from support.kubernetes.maskers import MASKED_PAN, PAN, masker


@pytest.mark.parametrize(
    ("text", "is_list"),
    [
        ('{"kind":"PodList","apiVersion":"v1"', True),
        ('{\n  "kind": "Table"', True),
        ('{"apiVersion":"example.com/v1","items":[', True),
        ('{"apiVersion":"v1","kind":"List"', True),
        ('{"kind":"Pod"', False),
        ('{"items":[', False),
        ("[", False),
    ],
)
def test_what_begins_a_list(text: str, is_list: bool) -> None:
    assert begins_list(text) is is_list


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"kind":"SecretList","metadata":{"a":[1]},"items":[', Place("Secret")),
        ('{"kind":"PodList","items":[', Place("Pod")),
        ('{"apiVersion":"v1","items":[', Place("")),
        ('{"kind":"List","items":[', Place("")),
        ('{"kind":"Table","columnDefinitions":[{"name":"CVV"}],"rows":[', Place(columns=("CVV",))),
    ],
)
def test_where_elements_stand(text: str, place: Place) -> None:
    head = head_of(text + "{}, more")
    assert head is not None
    assert head.text == text
    assert head.place == place
    assert head.masked(ObjectMasker(masker())) == text


@pytest.mark.parametrize(
    "text", ['{"kind":"PodList","ite', '{"kind":"PodList","metadata":{', '{"kind":"PodList"}', "["]
)
def test_no_head(text: str) -> None:
    assert head_of(text) is None


_HEAD = Head('{"apiVersion":"v1","items":[', {"apiVersion": "v1", "items": []})


@pytest.mark.parametrize(
    ("tail", "shown"),
    [
        ("]}\n", "]}\n"),
        ("] }", "] }"),
        (f'],"kind":"FooList","x":"{PAN}"}}\n', f'],"kind":"FooList","x":"{MASKED_PAN}"}}\n'),
    ],
)
def test_tails(tail: str, shown: str) -> None:
    assert masked_tail(ObjectMasker(masker()), _HEAD, tail) == shown


@pytest.mark.parametrize(
    "tail",
    [
        "]", "]]", "]}x", '],"kind":"Secret"}', '],"items":[]}', '],"apiVersion":"v2"}', "],}",
        '],"columnDefinitions":[{"name":"cvv"}]}', '],"kind":"x"}{}',
    ],
)  # fmt: skip
def test_tails_that_come_too_late(tail: str) -> None:
    with pytest.raises(Unreadable):
        masked_tail(ObjectMasker(masker()), _HEAD, tail)
