"""HTTP mode, Slack's side: signed requests to the request urls of the app's manifest, and what the app answers.

docs.slack.dev/apis/events-api/using-http-request-urls, /authentication/verifying-requests-from-slack. Refuses every url
that is not on loopback. Follows no redirects: Slack does for events, but an app in development has no use for it.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

import aiohttp

from slack_simulator.base.json_types import JsonObject, NotJson, as_object, read_json
from slack_simulator.delivery.acks import ACK_DEADLINE_S, NotDelivered
from slack_simulator.delivery.payloads import VERIFICATION_TOKEN
from slack_simulator.delivery.request_urls import refuse_distant_urls
from slack_simulator.manifest.manifest import Manifest
from slack_simulator.workspace.workspace import Workspace

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
#: What the app may answer at most; a view is far smaller.
MAX_ANSWER_BYTES = 1024 * 1024
#: Interactions whose answer means something; that of others is thrown away, as is that of events.
ANSWERED = frozenset({"view_submission", "block_suggestion"})


class NotVerified(Exception):
    """The events' request url did not answer the challenge; the message says what it did instead."""


@dataclass(frozen=True)
class _Answer:
    status: int
    content_type: str
    text: str
    wants_no_retry: bool


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """X-Slack-Signature: HMAC-SHA256 over version, timestamp and raw body."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class HttpMode:
    """The requests of one workspace to its app; a transport of `delivery.Delivery`."""

    def __init__(self, workspace: Workspace, manifest: Manifest) -> None:
        """Raises SpecError for urls that are not on loopback."""
        refuse_distant_urls(manifest)
        self._workspace = workspace
        self._manifest = manifest
        self._session: aiohttp.ClientSession | None = None
        self._is_verified = False
        self._verifying = asyncio.Lock()

    async def deliver(
        self, kind: str, payload: JsonObject, *, accepts_response_payload: bool, retry: tuple[int, str] | None = None
    ) -> JsonObject:
        """Post one payload and return what the app answers, {} if nothing. Raises NotDelivered."""
        del accepts_response_payload  # a matter of Socket Mode: here the kind of payload says it
        if kind == "events_api":
            await self._verified()
            headers = {} if retry is None else {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
            await self._post(kind, self._manifest.events_url, json.dumps(payload).encode(), JSON, payload, headers)
            return {}
        is_command = kind == "slash_commands"
        form = payload if is_command else {"payload": json.dumps(payload)}
        url = self._command_url(payload) if is_command else self._interaction_url(payload)
        answer = await self._post(kind, url, urlencode(form).encode(), FORM, payload, {})
        ack = _command_ack(answer) if is_command else _interaction_ack(answer, str(payload.get("type")))
        if ack is None:
            self._workspace.inspector.record("ack", "not understood", ok=False, answer=answer.text[:200])
            raise NotDelivered("dispatch_failed")
        return ack

    async def verify(self) -> None:
        """Send the events' request url a challenge, as Slack does when it is entered. Raises NotVerified."""
        if self._manifest.events_url is None:
            raise NotVerified("the manifest has no settings.event_subscriptions.request_url")
        challenge = secrets.token_urlsafe(24)
        payload = {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        body = json.dumps(payload).encode()
        try:
            answer = await self._post("url_verification", self._manifest.events_url, body, JSON, payload, {})
        except NotDelivered as missed:
            raise NotVerified(f"the request url did not answer the challenge: {missed.retry_reason}") from missed
        if not hmac.compare_digest(_challenge_in(answer).encode(), challenge.encode()):
            raise NotVerified("the request url did not answer with the value of challenge")
        self._is_verified = True

    async def close(self) -> None:
        """Close the connections to the app."""
        if self._session is not None:
            await self._session.close()

    async def _verified(self) -> None:
        """Slack sends no events to a url that has not answered its challenge; here it is sent before the first."""
        async with self._verifying:
            if self._is_verified:
                return
            try:
                await self.verify()
            except NotVerified as problem:
                raise NotDelivered("dispatch_failed") from problem

    async def _post(
        self, kind: str, url: str | None, body: bytes, content_type: str, payload: JsonObject, more: dict[str, str]
    ) -> _Answer:
        """One signed request, with its deadline, as the inspector shows it. Raises NotDelivered."""
        inspector = self._workspace.inspector
        if url is None:
            inspector.record("envelope", kind, ok=False, error="the manifest has no url for it", payload=payload)
            raise NotDelivered("dispatch_failed")
        inspector.record("envelope", kind, url=url, payload=payload, headers=more)
        started = time.perf_counter()
        try:
            answer = await self._answer(url, body, self._headers(kind, body, content_type) | more)
        except NotDelivered as missed:
            took_ms = (time.perf_counter() - started) * 1000
            inspector.record("ack", "missed", ok=False, took_ms=took_ms, url=url, reason=missed.retry_reason)
            raise
        took_ms = (time.perf_counter() - started) * 1000
        is_ok = 200 <= answer.status < 300
        inspector.record("ack", kind, ok=is_ok, took_ms=took_ms, status=answer.status, payload=answer.text[:2000])
        if not is_ok:
            error = "http_service_error" if answer.status >= 500 else "dispatch_failed"
            raise NotDelivered(
                error, retry_reason="http_error", may_retry=not answer.wants_no_retry, status=answer.status
            )
        return answer

    async def _answer(self, url: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
        asking = asyncio.create_task(self._ask(url, body, headers))
        try:
            return await self._workspace.clock.wait_for(asking, ACK_DEADLINE_S)
        except TimeoutError as missed:
            raise NotDelivered("operation_timeout", retry_reason="http_timeout") from missed
        except aiohttp.ClientSSLError as missed:
            raise NotDelivered("dispatch_failed", retry_reason="ssl_error") from missed
        except aiohttp.ClientConnectorError as missed:
            raise NotDelivered("dispatch_failed", retry_reason="connection_failed") from missed
        except aiohttp.ClientError as missed:
            raise NotDelivered("dispatch_failed", retry_reason="unknown_error") from missed
        finally:
            asking.cancel()

    async def _ask(self, url: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
        if self._session is None:
            # trust_env stays off: a proxy from the environment must not capture loopback. Deadlines are the clock's.
            self._session = aiohttp.ClientSession(
                trust_env=False, timeout=aiohttp.ClientTimeout(total=None), connector=aiohttp.TCPConnector(limit=0)
            )
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            body_read = bytearray()
            async for chunk in response.content.iter_any():
                body_read += chunk
                if len(body_read) > MAX_ANSWER_BYTES:
                    break
            text = body_read[:MAX_ANSWER_BYTES].decode("utf-8", "replace")
            wants_no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            return _Answer(response.status, response.content_type, text, wants_no_retry)

    def _headers(self, kind: str, body: bytes, content_type: str) -> dict[str, str]:
        faults = self._workspace.faults
        stale, bad = faults.take("stale_signature", envelope=kind), faults.take("bad_signature", envelope=kind)
        # The real time, not the workspace's: the app compares it with its own clock, which no test pushes forward.
        timestamp = str(int(time.time() - (0 if stale is None else stale.fields["seconds"])))
        secret = self._workspace.spec.signing_secret if bad is None else secrets.token_hex()
        return {
            "Content-Type": content_type,
            "Accept": "application/json,*/*",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(secret, timestamp, body),
        }

    def _command_url(self, payload: JsonObject) -> str | None:
        command = self._manifest.command(str(payload["command"]))
        return None if command is None else command.url

    def _interaction_url(self, payload: JsonObject) -> str | None:
        if payload.get("type") == "block_suggestion" and self._manifest.options_url is not None:
            return self._manifest.options_url
        return self._manifest.interactivity_url


def _command_ack(answer: _Answer) -> JsonObject:
    """A message as JSON, or any other text as a message to the person alone."""
    if not answer.text.strip():
        return {}
    message = _json_object(answer.text) if answer.content_type == JSON else None
    return {"text": answer.text} if message is None else message


def _interaction_ack(answer: _Answer, kind: str) -> JsonObject | None:
    """What the app wants done, {} for nothing, None for an answer that Slack cannot make sense of."""
    if kind not in ANSWERED or not answer.text.strip():
        return {}
    return _json_object(answer.text)


def _challenge_in(answer: _Answer) -> str:
    """Slack takes it as plain text, as a form or as JSON."""
    found = _json_object(answer.text)
    if found is not None:
        return str(found.get("challenge", ""))
    if answer.content_type == FORM:
        return parse_qs(answer.text).get("challenge", [""])[0]
    return answer.text.strip()


def _json_object(text: str) -> JsonObject | None:
    try:
        return as_object(read_json(text))
    except NotJson:
        return None
