"""A client of the control API, for tests and scripts: act as people, read what they see, wait without polling."""

import asyncio
import base64
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, cast

import aiohttp

from slack_simulator.base.json_types import JsonObject, objects_in

Predicate = Callable[[JsonObject], bool]
#: One long poll lasts at most this long; `wait_for` makes as many as it needs.
POLL_S = 20.0


class ControlError(Exception):
    """The simulator refused the request (4xx): the message says what is not there."""


class SimulatorClient:
    """Everything under /control. Use as `async with`, or call `close`."""

    def __init__(self, url: str) -> None:
        """`url` is the simulator's, such as http://127.0.0.1:3000."""
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def command(self, user: str, channel: str, text: str) -> JsonObject:
        """Type a slash command, such as "/hello there". Answers {ok, ack, error?}."""
        return await self._post("command", user=user, channel=channel, text=text)

    async def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> JsonObject:
        """Type a plain message. Answers {ok, ack: {ts}}."""
        return await self._post("message", user=user, channel=channel, text=text, thread_ts=thread_ts)

    async def action(
        self,
        user: str,
        action_id: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        value: Any = None,
        view_id: str | None = None,
        block_id: str | None = None,
        state: JsonObject | None = None,
    ) -> JsonObject:
        """Tap an element of a message (channel, ts), of a modal or of the App Home. Answers {ok, error?}."""
        where = {"channel": channel, "ts": ts, "view_id": view_id, "block_id": block_id, "state": state}
        return await self._post("action", user=user, action_id=action_id, value=value, **where)

    async def submit(self, user: str, values: JsonObject | None = None, *, view: str | None = None) -> JsonObject:
        """Fill in and submit the modal on top. Answers {ok, errors?, view_closed, updated, view}."""
        return await self._post("submit", user=user, values=values or {}, view=view)

    async def close_view(self, user: str, *, everything: bool = False) -> JsonObject:
        """Close the modal on top, or all of them."""
        return await self._post("close", user=user, all=everything)

    async def open_home(self, user: str, *, tab: str = "home") -> JsonObject:
        """Open the App Home."""
        return await self._post("home", user=user, tab=tab)

    async def options(self, user: str, action_id: str, typed: str, **where: str) -> list[JsonObject]:
        """What an external select offers, nothing if the app did not answer; `where` is view_id, or channel and ts."""
        return objects_in((await self.offer(user, action_id, typed, **where)).get("options"))

    async def offer(self, user: str, action_id: str, typed: str, **where: str) -> JsonObject:
        """The same, whole: {ok, options, groups, error?}."""
        return await self._post("options", user=user, action_id=action_id, value=typed, **where)

    async def shortcut(self, user: str, name: str, *, channel: str | None = None, ts: str | None = None) -> JsonObject:
        """Use the shortcut of this name or callback_id; with channel and ts, on that message. Answers {ok, error?}."""
        return await self._post("shortcut", user=user, name=name, channel=channel, ts=ts)

    async def upload(self, user: str, name: str, content: bytes) -> JsonObject:
        """A person's file, to be chosen in a file input by its id. Answers the file object."""
        encoded = base64.b64encode(content).decode()
        return (await self._post("file", user=user, name=name, content=encoded))["file"]

    async def change_person(self, user: str, **changes: Any) -> JsonObject:
        """Change an account's flags; the app gets user_change."""
        return await self._post("person", user=user, **changes)

    async def reload(self, user: str) -> int:
        """Start the person's client anew; answers how many ephemeral messages are gone by that."""
        return int((await self._post("reload", user=user))["forgotten"])

    async def advance(self, seconds: float) -> JsonObject:
        """Push the workspace's time forward."""
        return await self._post("clock", advance_s=seconds)

    async def faults(self) -> JsonObject:
        """The faults at work now, and the catalogue of those that can be added."""
        return await self._get("faults")

    async def add_fault(self, kind: str, **fields: Any) -> str:
        """Let something go wrong from now on; answers the fault's id."""
        return str((await self._post("faults", add={"kind": kind, **fields}))["id"])

    async def remove_fault(self, fault_id: str) -> JsonObject:
        """End one fault."""
        return await self._post("faults", remove=fault_id)

    async def clear_faults(self) -> JsonObject:
        """End all faults."""
        return await self._post("faults", clear=True)

    async def sockets(
        self,
        *,
        cut: int | str | None = None,
        disconnect: str | None = None,
        connection: int | None = None,
        enable: bool | None = None,
    ) -> JsonObject:
        """Break the app's connections: `cut` one or "all" of them with no word, or send the `disconnect` reason.

        `enable` lets the app connect again after the reason link_disabled.
        """
        return await self._post("sockets", cut=cut, disconnect=disconnect, connection=connection, enable=enable)

    async def messages(
        self, channel: str | None = None, user: str | None = None, *, limit: int | None = None
    ) -> list[JsonObject]:
        """Messages as that person sees them, oldest first."""
        answer = await self._get("messages", channel=channel, user=user, limit=limit)
        return objects_in(answer["messages"])

    async def views(self, user: str) -> list[JsonObject]:
        """The person's open modals, top last."""
        return objects_in((await self._get("views", user=user))["views"])

    async def home(self, user: str) -> JsonObject | None:
        """The person's App Home, once the app published one."""
        return (await self._get("views", user=user))["home"]

    async def workspace(self, user: str | None = None) -> JsonObject:
        """People, channels, and how many connections the app has."""
        return await self._get("workspace", user=user)

    async def inspector(self, after: int = 0) -> list[JsonObject]:
        """What passed between the app and the workspace since that entry."""
        return objects_in((await self._get("inspector", after=after))["entries"])

    async def wait_for(
        self, wanted: Predicate | str, *, channel: str | None = None, user: str | None = None, timeout_s: float = 20.0
    ) -> JsonObject:
        """The newest message that the predicate accepts, or whose visible text contains the string.

        Returns at once if there is one already. Raises TimeoutError that shows the last words seen.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        after, seen = 0, list[JsonObject]()
        while True:
            left_s = deadline - asyncio.get_running_loop().time()
            query = {"channel": channel, "user": user, "after": after}
            answer = await self._get("messages", wait_s=max(0.0, min(left_s, POLL_S)), **query)
            after, seen = int(answer["revision"]), objects_in(answer["messages"])
            found = next((message for message in reversed(seen) if _accepts(wanted, message)), None)
            if found is not None:
                return found
            if left_s <= 0:
                raise TimeoutError(_not_seen(wanted, seen, timeout_s))

    async def wait_for_view(self, user: str, wanted: Predicate | str = "", *, timeout_s: float = 20.0) -> JsonObject:
        """The person's modal on top, once it is accepted (or contains the string). Raises TimeoutError."""
        return await self._wait_for_view(user, wanted, timeout_s, of_home=False)

    async def wait_for_home(self, user: str, wanted: Predicate | str = "", *, timeout_s: float = 20.0) -> JsonObject:
        """The person's App Home, once it is accepted (or contains the string). Raises TimeoutError."""
        return await self._wait_for_view(user, wanted, timeout_s, of_home=True)

    async def wait_for_app(self, connections: int = 1, *, timeout_s: float = 20.0) -> None:
        """Return once the app has that many sockets open. Raises TimeoutError."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while int((await self.workspace())["connections"]) < connections:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"the app did not open {connections} connections within {timeout_s} s")
            await asyncio.sleep(0.02)

    async def _wait_for_view(
        self, user: str, wanted: Predicate | str, timeout_s: float, *, of_home: bool
    ) -> JsonObject:
        deadline = asyncio.get_running_loop().time() + timeout_s
        after = 0
        while True:
            left_s = deadline - asyncio.get_running_loop().time()
            answer = await self._get("views", user=user, after=after, wait_s=max(0.0, min(left_s, POLL_S)))
            after = int(answer["revision"])
            shown = objects_in([answer["home"]] if of_home else answer["views"][-1:])
            if shown and _accepts(wanted, shown[0]):
                return shown[0]
            if left_s <= 0:
                raise TimeoutError(_not_seen(wanted, shown, timeout_s))

    async def _post(self, name: str, /, **body: Any) -> JsonObject:
        given = {key: value for key, value in body.items() if value is not None}
        async with self._client().post(f"{self._url}/control/{name}", json=given) as response:
            return await _answer(response)

    async def _get(self, name: str, /, **query: Any) -> JsonObject:
        given = {key: str(value) for key, value in query.items() if value is not None}
        async with self._client().get(f"{self._url}/control/{name}", params=given) as response:
            return await _answer(response)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # trust_env stays off: a proxy from the environment must not capture loopback.
            self._session = aiohttp.ClientSession(trust_env=False)
        return self._session


async def _answer(response: aiohttp.ClientResponse) -> JsonObject:
    answer = cast("JsonObject", await response.json())
    if response.status >= 400:
        raise ControlError(str(answer.get("error")))
    return answer


def _accepts(wanted: Predicate | str, shown: JsonObject) -> bool:
    if isinstance(wanted, str):
        return wanted in str(shown["plain"]) or wanted in str(shown.get("text", ""))
    return wanted(shown)


def _not_seen(wanted: Predicate | str, shown: list[JsonObject], timeout_s: float) -> str:
    what = repr(wanted) if isinstance(wanted, str) else "what the predicate accepts"
    words = "\n".join(f"  {one.get('user_name', '')}: {one['plain']}" for one in shown[-5:]) or "  nothing"
    return f"{what} was not seen within {timeout_s} s; last seen:\n{words}"
