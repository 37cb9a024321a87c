"""One value after another, for one session."""

import json

from proxy.kubernetes.objects.object_masker import ObjectMasker
from proxy.kubernetes.objects.places import Place
from support.kubernetes.maskers import HIDDEN, MASKED_PAN, PAN, masker


def test_what_holds_nothing_is_the_same_object() -> None:
    objects = ObjectMasker(masker())
    for text in ('{"a": 1}\n', '{"data": {"a": "b"}}\n'):
        assert objects.mask(text) is text


def test_what_is_masked_keeps_its_newline() -> None:
    assert ObjectMasker(masker()).mask(json.dumps({"a": PAN, "b": 1.0}) + "\n") == f'{{"a":"{MASKED_PAN}","b":1.0}}\n'


def test_places_say_what_is_masked() -> None:
    objects = ObjectMasker(masker())
    assert objects.mask('{"data":{"a":"eA=="}}', Place("Secret")) == f'{{"data":{{"a":"{HIDDEN}"}}}}'
    assert objects.mask('{"cells":["a","b"]}', Place(columns=("Name", "CVV"))) == '{"cells":["a","***"]}'
    assert objects.tells(("Name", "CVV"))
    assert not objects.tells(())
    assert objects.depth("[") == 1


def test_counts_are_the_session_s() -> None:
    ours = masker()
    ObjectMasker(ours).mask(json.dumps([PAN]))
    assert ours.counts == {"pan": 1}
