"""Which scopes each method of the Web API takes, and the refusal of a token that lacks them.

docs.slack.dev/reference/scopes and the "Scopes" of each method's page. A bot token has the scopes of the app's
manifest; without a manifest it has them all. The app token has connections:write, which is all it is for.
"""

from collections.abc import Collection, Mapping

from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.spec import WorkspaceSpec

#: Kind of conversation -> the scope to read it, in the order in which Slack names them.
READ: Mapping[str, str] = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}
#: Kind of conversation -> the scope to open or change it.
WRITE: Mapping[str, str] = {
    "public_channel": "channels:manage",
    "private_channel": "groups:write",
    "mpim": "mpim:write",
    "im": "im:write",
}
EMAIL = "users:read.email"
POST_ANYWHERE = "chat:write.public"

_ANY_READ = tuple(READ.values())
#: Method -> the scopes any one of which lets it be called; what a conversation's own kind needs is asked later, once
#: the conversation is known.
METHOD_SCOPES: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": (),
    "auth.test": (),
    "chat.delete": ("chat:write",),
    "chat.deleteScheduledMessage": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.scheduleMessage": ("chat:write",),
    "chat.scheduledMessages.list": (),
    "chat.update": ("chat:write",),
    "conversations.info": _ANY_READ,
    "conversations.join": ("channels:join",),
    "conversations.list": _ANY_READ,
    "conversations.members": _ANY_READ,
    "conversations.open": tuple(WRITE.values()),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "reactions.add": ("reactions:write",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "users.lookupByEmail": (EMAIL,),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}


class MissingScope(Exception):
    """The token lacks the scope that the call needs."""

    def __init__(self, needed: str, provided: str) -> None:
        """Both as Slack's answer has them: names joined by commas."""
        super().__init__(f"needs {needed}, has {provided}")
        self.needed = needed
        self.provided = provided


def provided(spec: WorkspaceSpec) -> str:
    """The scopes of the bot token, as the header X-OAuth-Scopes and `provided` have them."""
    if spec.manifest is not None:
        return ",".join(sorted(spec.manifest.bot_scopes))
    every = {scope for scopes in METHOD_SCOPES.values() for scope in scopes}
    return ",".join(sorted(every | {"commands", "files:read"}))


def accepted(method: str) -> str:
    """The header X-Accepted-OAuth-Scopes of this method's answers."""
    return ",".join(METHOD_SCOPES[method])


def require(spec: WorkspaceSpec, method: str) -> None:
    """Raises MissingScope if none of the method's scopes is granted; `needed` then names them all."""
    scopes = METHOD_SCOPES[method]
    if scopes and not any(spec.grants(scope) for scope in scopes):
        raise MissingScope(",".join(scopes), provided(spec))


def require_kinds(spec: WorkspaceSpec, kinds: Collection[str], scopes: Mapping[str, str] = READ) -> None:
    """Raises MissingScope for the first of these kinds of conversations that the token may not touch."""
    for kind, scope in scopes.items():
        if kind in kinds and not spec.grants(scope):
            raise MissingScope(scope, provided(spec))


def require_kind_of(spec: WorkspaceSpec, conversation: Conversation) -> None:
    """Raises MissingScope if the token may not read conversations of this one's kind."""
    require_kinds(spec, {conversation.kind})
