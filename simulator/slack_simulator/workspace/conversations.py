"""Channels and direct messages: who is in them and what Slack calls them."""

import hashlib
from dataclasses import dataclass

from slack_simulator.base.json_types import JsonObject
from slack_simulator.workspace.spec import Channel, WorkspaceSpec


@dataclass
class Conversation:
    """A channel (C…), a direct message between two users (D…), or one of several (G…)."""

    id: str
    name: str
    members: list[str]
    is_private: bool = False
    is_ext_shared: bool = False
    is_im: bool = False
    is_mpim: bool = False
    topic: str = ""
    is_archived: bool = False

    @property
    def kind(self) -> str:
        """What `types` of conversations.list calls it: public_channel, private_channel, im or mpim."""
        if self.is_im or self.is_mpim:
            return "im" if self.is_im else "mpim"
        return "private_channel" if self.is_private else "public_channel"

    def passes(self, filtered: JsonObject, bot_user_id: str) -> bool:
        """Whether a select menu with this `filter` offers it."""
        kind = {"public_channel": "public", "private_channel": "private"}.get(self.kind, self.kind)
        return not (
            kind not in (filtered.get("include") or [kind])
            or (filtered.get("exclude_external_shared_channels") and self.is_ext_shared)
            or (filtered.get("exclude_bot_users") and self.is_im and bot_user_id in self.members)
        )

    def other_member(self, user_id: str) -> str:
        """In a direct message, the one who is not this user."""
        others = [member for member in self.members if member != user_id]
        return others[0] if others else user_id


class Conversations:
    """Every conversation of the workspace, by id."""

    def __init__(self, spec: WorkspaceSpec) -> None:
        """Channels come from the spec; direct messages appear when somebody opens them."""
        self._team_id = spec.team_id
        self._foreign = {one.slack_id: one.team_id for one in spec.people if one.team_id not in {None, spec.team_id}}
        self._by_id = {channel.id: _from_spec(channel, spec.bot_user_id) for channel in spec.channels}

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation with this id."""
        return self._by_id.get(conversation_id)

    def named(self, name: str) -> Conversation | None:
        """The channel with this name, without the number sign."""
        channels = (one for one in self._by_id.values() if not (one.is_im or one.is_mpim))
        return next((one for one in channels if one.name == name), None)

    def all(self) -> list[Conversation]:
        """Channels first, in the spec's order, then direct messages as they were opened."""
        return list(self._by_id.values())

    def of_member(self, user_id: str) -> list[Conversation]:
        """The conversations this user is in."""
        return [one for one in self._by_id.values() if user_id in one.members]

    @staticmethod
    def direct_message_id(one: str, other: str) -> str:
        """The id of the direct message between two users, whether it was ever opened or not."""
        return "D0" + hashlib.sha256(" ".join(sorted((one, other))).encode()).hexdigest()[:8].upper()

    def direct_message(self, one: str, other: str) -> tuple[Conversation, bool]:
        """The direct message between two users, opened if need be; True if it was open already."""
        conversation_id = self.direct_message_id(one, other)
        if conversation_id in self._by_id:
            return self._by_id[conversation_id], True
        members = [one, other] if one != other else [one]
        opened = Conversation(conversation_id, "directmessage", members, is_private=True, is_im=True)
        self._by_id[conversation_id] = opened
        return opened, False

    def between(self, members: list[str]) -> Conversation | None:
        """The direct message that has exactly these members, if it was ever opened."""
        wanted = set(members)
        direct = (one for one in self._by_id.values() if one.is_im or one.is_mpim)
        return next((one for one in direct if set(one.members) == wanted), None)

    def open(self, members: list[str], names: list[str]) -> Conversation:
        """A new direct message between these members, who go by these names."""
        if len(members) <= 2:
            return self.direct_message(members[0], members[-1])[0]
        conversation_id = "G0" + hashlib.sha256(" ".join(sorted(members)).encode()).hexdigest()[:8].upper()
        name = f"mpdm-{'--'.join(names)}-1"
        opened = Conversation(conversation_id, name, list(members), is_private=True, is_mpim=True)
        opened.topic = "Group messaging"
        self._by_id[conversation_id] = opened
        return opened

    def to_json(self, conversation: Conversation, viewer: str) -> JsonObject:
        """The conversation as `conversations.info` describes it to this user."""
        if conversation.is_im:
            return {
                "id": conversation.id,
                "created": 0,
                "is_im": True,
                "is_archived": False,
                "is_org_shared": False,
                "context_team_id": self._team_id,
                "user": conversation.other_member(viewer),
                "is_user_deleted": False,
                "is_open": True,
                "last_read": "0000000000.000000",
                "latest": None,
                "unread_count": 0,
                "unread_count_display": 0,
                "priority": 0,
            }
        foreign = sorted({team for user, team in self._foreign.items() if team and user in conversation.members})
        connected = foreign if conversation.is_ext_shared else []
        return {
            "id": conversation.id,
            "created": 0,
            "creator": "",
            "name": conversation.name,
            "name_normalized": conversation.name,
            "is_channel": not conversation.is_private,
            "is_group": conversation.is_private,
            "is_im": False,
            "is_mpim": conversation.is_mpim,
            "is_private": conversation.is_private,
            "is_archived": conversation.is_archived,
            "is_general": conversation.name == "general",
            "is_shared": conversation.is_ext_shared,
            "is_ext_shared": conversation.is_ext_shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "is_member": viewer in conversation.members,
            "context_team_id": self._team_id,
            "internal_team_ids": [self._team_id],
            "connected_team_ids": connected,
            "shared_team_ids": [self._team_id, *connected],
            "pending_shared": [],
            "pending_connected_team_ids": [],
            "previous_names": [],
            "unlinked": 0,
            "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def _from_spec(channel: Channel, bot_user_id: str) -> Conversation:
    members = [member for member in channel.members if member != bot_user_id or channel.has_bot]
    if channel.has_bot and bot_user_id not in members:
        members.append(bot_user_id)
    return Conversation(
        id=channel.id,
        name=channel.name,
        members=members,
        is_private=channel.is_private,
        is_ext_shared=channel.is_ext_shared,
        topic=channel.topic,
        is_archived=channel.is_archived,
    )
