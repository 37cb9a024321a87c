"""What is rendered is answered, and what is answered is rendered; a forgotten line is named."""

import importlib
import inspect
import pkgutil
from enum import StrEnum

import pytest

import bot.blocks
from bot.blocks.action_ids import Action, Callback, Field, Row
from support.bot.registration import KINDS, UNKNOWN, Registration
from support.bot.rendered import RENDERERS, every_rendering, ids_in, rendered_ids


async def forgotten(registered: Registration, rendered: dict[str, set[str]]) -> list[str]:
    """A sentence for each id that is rendered and has no listener of its own."""
    return [
        f"{kind} {name!r} is rendered and only a catch-all answers it: "
        "give it a line in register_listeners (bot/listeners/register.py)."
        for kind, names in rendered.items()
        for name in sorted(names)
        if not await registered.answers(kind, name)
    ]


def dead(registered: dict[str, list[str]], rendered: dict[str, set[str]]) -> list[str]:
    """A sentence for each id that has a listener and is rendered nowhere."""
    return [
        f"{kind} {name!r} has a line in register_listeners (bot/listeners/register.py) and no renderer of bot/blocks "
        "shows it: remove the line, or list in tests/support/bot/rendered.py what shows it."
        for kind, names in rendered.items()
        for name in registered[kind]
        if name not in names
    ]


async def test_whatever_is_rendered_has_a_listener(registered: Registration) -> None:
    assert await forgotten(registered, rendered_ids()) == []


async def test_whatever_has_a_listener_is_rendered(registered: Registration) -> None:
    assert dead(registered.ids, rendered_ids()) == []


async def test_a_forgotten_and_a_dead_listener_are_named(registered: Registration) -> None:
    (sentence,) = await forgotten(registered, {"action": {Action.APPROVE, "of_a_new_button"}})
    assert "'of_a_new_button' is rendered" in sentence
    (sentence,) = dead(
        registered.ids, rendered_ids() | {"view": {Callback.REQUEST_FORM.value, Callback.REVOKE_FORM.value}}
    )
    assert "'deny_form' has a line" in sentence


async def test_nothing_is_registered_twice(registered: Registration) -> None:
    """Bolt would let the first answer and never call the second."""
    for kind, names in registered.ids.items():
        assert len(set(names)) == len(names), kind


@pytest.mark.parametrize("kind", KINDS)
async def test_catch_alls_come_last(registered: Registration, kind: str) -> None:
    """For each kind there is one, and nothing that has a listener of its own ends in it."""
    (catch_all,) = await registered.matching(kind, UNKNOWN)
    for name in registered.ids[kind]:
        own, last = await registered.matching(kind, name)
        assert last is catch_all
        assert own is not catch_all


def test_every_renderer_is_listed() -> None:
    found = {
        one
        for module in pkgutil.iter_modules(bot.blocks.__path__, "bot.blocks.")
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction)
        if name.startswith("render_")
    }
    advice = "list what it shows in RENDERERS (tests/support/bot/rendered.py)"
    assert [f"{one.__name__}: {advice}" for one in found - RENDERERS.keys()] == []


@pytest.mark.parametrize("enumeration", [Action, Callback, Field, Row], ids=lambda one: one.__name__)
def test_every_id_is_rendered_somewhere(enumeration: type[StrEnum]) -> None:
    """A member that nothing shows is a promise that nobody keeps: remove it from bot/blocks/action_ids.py."""
    shown: set[str] = set()
    for rendering in every_rendering():
        shown.add(str(rendering.get("callback_id")))
        for block in rendering["blocks"]:
            shown.add(str(block.get("block_id")).partition(":")[0])
            elements = [*block.get("elements", []), block.get("element", {})]
            shown |= {str(element.get("action_id")) for element in elements}
    assert {member.value for member in enumeration} - shown == set()


def test_a_submitted_form_and_a_searched_select_count_as_asking() -> None:
    """The check would be blind if it looked at buttons alone."""
    kinds = {kind for rendering in every_rendering() for kind, _ in ids_in(rendering)}
    assert kinds == {"action", "view", "options"}
