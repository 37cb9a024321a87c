"""What somebody reads where an act takes a proof that Slack cannot give: why, and the way to the page that takes it.

The address proves nothing and opens nothing: there, whoever comes signs in as themselves.
"""

from bot.blocks.action_ids import Action, Row
from bot.blocks.message import Message, actions, link_button, section
from bot.blocks.text import typed

_SENTENCE_LIMIT = 1000


def render_step_up(sentence: str, pages: str, page: str) -> Message:
    """`sentence` says what it takes; `page` is a path of our pages, which are at `pages`; either empty: no button."""
    text = f":closed_lock_with_key: {typed(sentence, _SENTENCE_LIMIT)}"
    if not pages or not page:
        return Message(text=text, blocks=(section(text),))
    there = link_button("Open the page", Action.OPEN_PAGE, f"{pages}{page}")
    return Message(text=text, blocks=(section(text), actions(Row.STEP_UP, [there])))
