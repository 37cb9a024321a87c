"""The words a person reads in blocks and in mrkdwn, as one plain text: for scripts, logs and screen readers.

Markup disappears (`*bold*` reads bold), entities become characters, `<@U1>` becomes @alice and `<!channel>` becomes
@channel, because that is what the text would do.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slack_simulator.base.json_types import JsonObject, as_list, as_object, objects_in

_ANGLE = re.compile(r"<([^<>\n]*)>")
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
#: A mark does not span another of its kind, so that no text takes longer than its length asks for.
_EMPHASIS = [
    re.compile(rf"(?<![\w*_~])\{mark}(?=\S)([^{mark}\n]*[^\s{mark}])\{mark}(?![\w*_~])") for mark in ("*", "_", "~")
]
#: Keeps code apart while the rest of the text is read; no JSON text from an app contains it twice.
_HELD = "\x00{}\x00"
_TAKEN = re.compile("\x00([0-9]+)\x00")


def plain_mrkdwn(text: str, names: Mapping[str, str]) -> str:
    """The visible words of a mrkdwn text; `names` gives what to show for user and channel ids."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found.group(1))
        return _HELD.format(len(held) - 1)

    bare = _CODE.sub(hold, _FENCE.sub(hold, text.replace("\x00", "")))
    for mark in _EMPHASIS * 2:
        bare = mark.sub(r"\1", bare)
    bare = _TAKEN.sub(lambda found: held[int(found.group(1))], bare)
    return unescaped(_ANGLE.sub(lambda found: _angle(found.group(1), names), bare))


def unescaped(text: str) -> str:
    """The three entities that Slack uses, as characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _angle(inner: str, names: Mapping[str, str]) -> str:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        return "@" + names.get(target[1:], label or target[1:])
    if target.startswith("#"):
        return "#" + names.get(target[1:], label or target[1:])
    if target.startswith("!date^"):
        return label or target
    if target.startswith("!subteam^"):
        return label or "@" + target.split("^", 1)[1]
    if target.startswith("!"):
        return "@" + target[1:]
    return label or target.removeprefix("mailto:")


def plain_blocks(blocks: list[JsonObject], names: Mapping[str, str]) -> str:
    """The visible words of blocks, one line for each text."""
    return "\n".join(line for block in blocks for line in _block(block, names) if line)


def plain_attachments(attachments: list[JsonObject], names: Mapping[str, str]) -> str:
    """The visible words of secondary attachments, one line for each text, in the order in which they stand."""
    return "\n".join(line for one in attachments for line in _attachment(one, names))


def plain_view(content: JsonObject, names: Mapping[str, str]) -> str:
    """The visible words of a view: its title, its blocks, and its buttons in brackets."""
    title = [_text(content.get("title"), names)] if content.get("type") == "modal" else []
    buttons = [f"[{_text(content[key], names)}]" for key in ("close", "submit") if content.get(key)]
    return "\n".join([*title, plain_blocks(objects_in(content.get("blocks")), names), *buttons])


def _attachment(attachment: JsonObject, names: Mapping[str, str]) -> list[str]:
    """Its lines. The fallback is for those that show no words at all."""
    bare = {name: unescaped(str(attachment.get(name) or "")) for name in ("author_name", "title", "footer", "fallback")}
    fields = objects_in(attachment.get("fields"))
    lines = [
        plain_mrkdwn(str(attachment.get("pretext") or ""), names),
        bare["author_name"],
        bare["title"],
        plain_mrkdwn(str(attachment.get("text") or ""), names),
        *(line for field in fields for line in _attached_field(field, names)),
        plain_blocks(objects_in(attachment.get("blocks")), names),
        bare["footer"],
    ]
    return [line for line in lines if line] or [line for line in [bare["fallback"]] if line]


def _attached_field(field: JsonObject, names: Mapping[str, str]) -> tuple[str, str]:
    return unescaped(str(field.get("title") or "")), plain_mrkdwn(str(field.get("value") or ""), names)


def _text(value: Any, names: Mapping[str, str]) -> str:
    holder = as_object(value)
    if holder is None:
        return value if isinstance(value, str) else ""
    text = str(holder.get("text", ""))
    return plain_mrkdwn(text, names) if holder.get("type") == "mrkdwn" else text


def _block(block: JsonObject, names: Mapping[str, str]) -> Iterator[str]:
    kind = block.get("type")
    if kind == "divider":
        return
    if kind == "rich_text":
        yield from _rich_text(block, names)
        return
    if kind == "table":
        yield from (
            " | ".join(_cell(cell, names) for cell in objects_in(row)) for row in as_list(block.get("rows")) or []
        )
        return
    if kind == "markdown":
        yield str(block.get("text", ""))
        return
    for key in ("title", "label", "text"):
        yield _text(block.get(key), names)
    for held in objects_in(block.get("fields")):
        yield _text(held, names)
    for element in [*objects_in(block.get("elements")), *_present(block, "accessory"), *_present(block, "element")]:
        yield from _element(element, names)
    yield _text(block.get("hint") or block.get("description"), names)
    yield str(block.get("alt_text", ""))


def _cell(cell: JsonObject, names: Mapping[str, str]) -> str:
    if cell.get("type") == "rich_text":
        return " ".join(_rich_text(cell, names))
    return str(cell.get("text") or cell.get("value", ""))


def _present(block: JsonObject, key: str) -> list[JsonObject]:
    found = as_object(block.get(key))
    return [] if found is None else [found]


def _element(element: JsonObject, names: Mapping[str, str]) -> Iterator[str]:
    kind = element.get("type")
    if kind in {"plain_text", "mrkdwn"}:
        yield _text(element, names)
    elif kind in {"button", "workflow_button", "icon_button"}:
        yield f"[{_text(element.get('text'), names)}]"
    elif kind == "feedback_buttons":
        for one in (*_present(element, "positive_button"), *_present(element, "negative_button")):
            yield f"[{_text(one.get('text'), names)}]"
    elif kind == "image":
        yield str(element.get("alt_text", ""))
    else:
        yield _text(element.get("placeholder"), names)
        if kind in {"radio_buttons", "checkboxes"}:
            for option in objects_in(element.get("options")):
                yield _text(option.get("text"), names)
                yield _text(option.get("description"), names)
        yield str(element.get("initial_value") or "") if kind != "rich_text_input" else ""
        yield _text((as_object(element.get("initial_option")) or {}).get("text"), names)


def _rich_text(block: JsonObject, names: Mapping[str, str]) -> Iterator[str]:
    for section in objects_in(block.get("elements")):
        if section.get("type") == "rich_text_list":
            for number, item in enumerate(objects_in(section.get("elements")), start=1):
                mark = f"{number}. " if section.get("style") == "ordered" else "• "
                yield mark + _rich_line(item, names)
        else:
            yield _rich_line(section, names)


def _rich_line(section: JsonObject, names: Mapping[str, str]) -> str:
    return "".join(_rich_piece(piece, names) for piece in as_list(section.get("elements")) or [])


def _rich_piece(piece: JsonObject, names: Mapping[str, str]) -> str:
    match piece.get("type"):
        case "text":
            return str(piece.get("text", ""))
        case "link":
            return str(piece.get("text") or piece.get("url", ""))
        case "user":
            return "@" + names.get(str(piece.get("user_id")), str(piece.get("user_id")))
        case "channel":
            return "#" + names.get(str(piece.get("channel_id")), str(piece.get("channel_id")))
        case "usergroup":
            return "@" + str(piece.get("usergroup_id"))
        case "broadcast":
            return "@" + str(piece.get("range"))
        case "emoji":
            return f":{piece.get('name')}:"
        case "date":
            return str(piece.get("fallback") or piece.get("timestamp"))
        case _:
            return ""
