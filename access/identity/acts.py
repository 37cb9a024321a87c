"""Acts that a touch is for, each with all that it is bound to, and the page where it is done. Pure.

What is signed is a random challenge; what it stands for is `about`, kept beside it in storage. Two acts are the same
only if every word of them is: another revision of a request is another act.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from storage.model import AccessRequest, Statement, TouchPurpose

#: What is to be decided: the word in addresses and in `about`.
REQUEST, STATEMENT = "request", "statement"
#: Where command lines that wait for a touch have their pages.
COMMAND_LINE = "/present/command-line"
#: The source of what is done on our pages.
PAGES = "web"


@dataclass(frozen=True)
class Act:
    """One thing that one person is about to do."""

    purpose: TouchPurpose
    about: str
    #: The end of a sentence: "do it at …".
    doing: str
    #: The path of the page where it is done; empty: it is done where it was asked for.
    page: str = ""


def approve(subject: AccessRequest | Statement) -> Act:
    """Approve it as it stands: its id and its revision. Who reviews stands in the touch itself."""
    what = REQUEST if isinstance(subject, AccessRequest) else STATEMENT
    about = f"{what}:{subject.id.hex}:{subject.revision}"
    return Act(TouchPurpose.APPROVE, about, "Approve it", page_of_review(what, subject.id))


def take_token(grant_id: UUID) -> Act:
    return Act(TouchPurpose.TOKEN, f"grant:{grant_id.hex}", "Take it", f"/grants/{grant_id}")


def hand_over(grant_id: UUID, wanted_id: UUID) -> Act:
    """Hand a token or certificate to the one command line that wants a touch for it."""
    about = f"{take_token(grant_id).about}:{wanted_id.hex}"
    return Act(TouchPurpose.TOKEN, about, "Touch it", page_of_wanted(wanted_id))


def let_in(login_id: UUID) -> Act:
    """Let one SSH connection in that waits for it; its page has an address that only its link says."""
    return Act(TouchPurpose.TOKEN, f"ssh-login:{login_id.hex}", "Let it in")


def ask(words: Sequence[object], draft_id: UUID | None = None) -> Act:
    """Ask for this and nothing else; `words` are all that stands in the request."""
    canonical = json.dumps([None if each is None else str(each) for each in words], ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return Act(TouchPurpose.ASK, f"ask:{digest}", "Ask", page_of_draft(draft_id) if draft_id is not None else "")


def add_key() -> Act:
    """Allow that another key is added, with one that there is."""
    return Act(TouchPurpose.ADD_KEY, "key", "Add it", "/keys")


def add_ssh_key(text: str) -> Act:
    """Allow that the SSH key is added which signs this text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Act(TouchPurpose.ADD_KEY, f"ssh-key:{digest}", "Add it", "/ssh-keys")


def register(allowed_by: UUID | None) -> Act:
    """Add this key; `allowed_by` is the touch of the key that allowed it, None for somebody's first."""
    about = f"allowed-by:{allowed_by.hex}" if allowed_by is not None else "first"
    return Act(TouchPurpose.REGISTER, about, "Add it", "/keys")


def end_key(key_id: UUID) -> Act:
    return Act(TouchPurpose.END_KEY, f"key:{key_id.hex}", "End it", "/keys")


def page_of_review(what: str, subject_id: UUID) -> str:
    return f"/present/{what}/{subject_id}"


def page_of_wanted(wanted_id: UUID) -> str:
    return f"{COMMAND_LINE}/{wanted_id}"


def page_of_draft(draft_id: UUID) -> str:
    return f"/present/ask/{draft_id}"
