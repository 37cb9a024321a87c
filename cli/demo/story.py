"""The whole story, unattended, with real `ssh` and `psql`: each step says what was done and what was seen.

Every step checks what it saw; the first that is amiss ends the story with StoryFailed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from rich.console import Console

from cli.demo.clients import Clients, Seen
from cli.demo.leaks import leaks
from cli.demo.people import People, Shown, plainly
from slack_simulator.client import SimulatorClient
from storage.audit.sequencer import sequence
from storage.audit.verification import verify
from storage.database import Database

CARDS = "select name, number, cvv from customers join cards on customers.id = customer_id order by customers.id"

#: Columns of a table whose CREATE is longer than a card may be.
TOO_WIDE = 800
TEN = 10

#: How long a cut may take before the story calls it late; the sessions themselves are told at once.
CUT_WITHIN_S = 10.0


class StoryFailed(Exception):
    """A step did not see what it should have: the message says which and what it saw."""


@dataclass
class Story:
    """One telling; `play` is the whole of it."""

    console: Console
    database: Database
    slack: SimulatorClient
    clients: Clients
    folder: Path
    secrets: list[str] = field(default_factory=list[str])

    @property
    def people(self) -> People:
        return People(self.slack)

    async def play(self) -> None:
        """Play every step in order. Raises StoryFailed."""
        await self.slack.wait_for_app(1)
        for step in (
            self._read_cards,
            self._reverse_cards,
            self._cancel,
            self._deny_request,
            self._refuse_strangers,
            self._shell,
            self._hold_and_approve,
            self._hold_and_deny,
            self._not_shown_whole,
            self._revoke,
            self._revoke_ten,
            self._lapse,
            self._digests,
            self._audit,
            self._nothing_leaked,
        ):
            await self._step(step)

    async def _step(self, step: Callable[[], Awaitable[str]]) -> None:
        name = " ".join((step.__doc__ or "").split()).rstrip(".")
        try:
            seen = await step()
        except (TimeoutError, StopIteration, OSError, asyncpg.PostgresError) as error:
            raise StoryFailed(f"{name}: {type(error).__name__}: {error}") from error
        self.console.print(f"[green]✓[/] {name}", soft_wrap=True)
        for line in seen.splitlines():
            self.console.print(f"    {line}", style="dim", markup=False, soft_wrap=True)

    def _expect(self, condition: bool, what: str, seen: object) -> None:
        if not condition:
            raise StoryFailed(f"{what}; seen instead: {seen}")

    async def _granted(self, request: str, marker: str, *, by: str = "bob") -> tuple[str, str]:
        token, grant = await self.people.granted("alice", request, by=by, marker=marker)
        self.secrets.append(token)
        return token, grant

    # --- the steps ------------------------------------------------------------------------------------------------

    async def _read_cards(self) -> str:
        """alice asks for payments-db read, bob approves, and psql shows masked rows"""
        token, _ = await self._granted("payments-db read 15m INC-42", "look at a refund")
        seen = await self.clients.psql("read@payments-db", token, CARDS)
        self._check_masked(seen.out)
        self._expect(seen.status == 0, "psql exits with 0", seen.all)
        binary = await asyncpg.connect(
            host=self.clients.host,
            port=self.clients.postgres_port,
            user="read@payments-db",
            password=token,
            database="payments",
            ssl="require",
        )
        try:
            for _ in range(2):  # The second run of a prepared statement sends no column names again.
                self._check_masked("\n".join(str(tuple(row)) for row in await binary.fetch(CARDS)))
        finally:
            await binary.close()
        return seen.out.strip()

    async def _reverse_cards(self) -> str:
        """a card number turned round is refused, for masking could not know it again"""
        token, _ = await self._granted("payments-db read 15m", "clever with strings")
        seen = await self.clients.psql("read@payments-db", token, "select reverse(number) from cards")
        self._expect(seen.status != 0 and "masked data" in seen.err, "it is refused", seen.all)
        self._expect("1111111111111114" not in seen.all, "no digit is shown", seen.all)
        return seen.err.strip()

    def _check_masked(self, shown: str) -> None:
        self._expect("************1111" in shown, "the last four digits of a card are shown", shown)
        for clear in ("4111111111111111", "737", "ada@example.com"):
            self._expect(clear not in shown, f"{clear[:4]}… is masked", shown)

    async def _cancel(self) -> str:
        """Ctrl-C in psql cancels a query that runs upstream"""
        token, _ = await self._granted("payments-db read 15m", "a slow report")
        child = await self.clients.start_psql(
            "read@payments-db", token, "-c", r"\echo started", "-c", "select pg_sleep(60)"
        )
        stdout = child.stdout
        self._expect(stdout is not None and b"started" in await stdout.readline(), "psql starts", "nothing")
        await self._until_sleeping(token)
        self.clients.interrupt(child)
        seen = await self.clients.seen(child)
        self._expect("canceling statement due to user request" in seen.err, "the server cancels", seen.all)
        return seen.err.strip()

    async def _until_sleeping(self, token: str) -> None:
        """Wait until the upstream runs the query; seen through the gateway as well."""
        async with asyncio.timeout(30):
            while (
                "(1 row)"
                not in (
                    await self.clients.psql(
                        "read@payments-db",
                        token,
                        "select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'",
                    )
                ).out
            ):
                pass

    async def _deny_request(self) -> str:
        """bob denies with a reason, and alice reads it"""
        card = await self.people.ask("alice", "payments-db read 15m", marker="just curious")
        await self.people.deny("bob", card, "Please use the reporting replica.")
        reply = await self.people.direct("alice", "Please use the reporting replica.")
        self._expect("Denied" in plainly(reply), "alice is told", plainly(reply))
        return plainly(reply).splitlines()[0]

    async def _refuse_strangers(self) -> str:
        """the requester and a stranger tap Approve, and nothing is granted"""
        card = await self.people.ask("carol", "payments-db read 15m", marker="carol asks")
        for who in ("carol", "mallory"):
            await self.people.approve(who, card)
        told = await self.slack.wait_for("your own request", channel="incidents", user="carol", timeout_s=30)
        await self.slack.wait_for(_is_ephemeral, channel="incidents", user="mallory", timeout_s=30)
        now = await self.people.card_until(str(card["ts"]), "carol asks")
        self._expect("Approved:" not in plainly(now), "the request is still pending", plainly(now))
        await self.people.deny("bob", card, "Ask again when it is needed.")
        return str(told["plain"])

    async def _shell(self) -> str:
        """ssh runs commands as deploy on web-1: masked output, exit status, a denied command"""
        token, _ = await self._granted("web-1 deploy 15m", "roll out 1.2")
        cards = await self.clients.ssh("deploy@web-1", token, "cat cards.txt")
        self._check_masked(cards.out + "************1111")
        self._expect("************1111" in cards.out, "cards are masked", cards.all)
        status = await self.clients.ssh("deploy@web-1", token, "echo to stderr >&2; exit 7")
        self._expect((status.status, status.err.strip()) == (7, "to stderr"), "exit status 7 comes back", status)
        denied = await self.clients.ssh("deploy@web-1", token, "sudo reboot")
        self._expect("Hosts are restarted by the platform team" in denied.err, "reboot is denied", denied.all)
        return f"{cards.out.strip()}\nexit status {status.status}\n{denied.err.strip()}"

    async def _hold_and_approve(self) -> str:
        """DROP TABLE waits for bob, and runs when he approves"""
        seen = await self._held_drop("drop_it", lambda card: self.people.approve("bob", card))
        self._expect(seen.status == 0 and "DROP TABLE" in seen.out, "it runs", seen.all)
        return seen.all.strip()

    async def _hold_and_deny(self) -> str:
        """DELETE without WHERE waits for bob, and is refused when he denies"""
        token, _ = await self._granted("payments-db admin 15m", "clean up")
        child = await self.clients.start_psql("admin@payments-db", token, "-c", "delete from stale_sessions")
        held = await self.people.pending("delete from stale_sessions")
        for words in ("no WHERE", "about", "search_path"):
            self._expect(words in plainly(held), f"the card says {words}", plainly(held))
        await self.people.deny("bob", held, "Delete by date, please.")
        seen = await self.clients.seen(child)
        self._expect("Delete by date, please." in seen.err, "psql shows the reason", seen.all)
        return seen.err.strip()

    async def _not_shown_whole(self) -> str:
        """a statement too long to be shown whole is put to nobody, and denied at once"""
        token, _ = await self._granted("payments-db admin 15m", "a very wide table")
        columns = ", ".join(f"column_{number:04d} text" for number in range(TOO_WIDE))
        seen = await self.clients.psql("admin@payments-db", token, f"create table wide ({columns})")
        self._expect(
            seen.status != 0 and "too long to be shown whole" in seen.err, "it is denied with the reason", seen.all
        )
        return seen.err.strip()

    async def _held_drop(self, marker: str, decide: Callable[[Shown], Awaitable[Shown]]) -> Seen:
        token, _ = await self._granted("payments-db admin 15m", marker)
        made = await self.clients.start_psql("admin@payments-db", token, "-c", f"create table {marker} (n int)")
        await self.people.approve("bob", await self.people.pending(f"create table {marker}"))
        await self.clients.seen(made)
        child = await self.clients.start_psql("admin@payments-db", token, "-c", f"drop table {marker}")
        await decide(await self.people.pending(f"drop table {marker}"))
        return await self.clients.seen(child)

    async def _revoke(self) -> str:
        """/access revoke cuts a live psql and a live ssh"""
        sql_token, sql_grant = await self._granted("payments-db read 15m", "to be revoked")
        ssh_token, ssh_grant = await self._granted("web-1 deploy 15m", "also to be revoked")
        psql = await self.clients.start_psql(
            "read@payments-db", sql_token, "-c", r"\echo up", "-c", "select pg_sleep(60)"
        )
        ssh = await self.clients.start_ssh("deploy@web-1", ssh_token, "echo up; sleep 60")
        for child in (psql, ssh):
            stdout = child.stdout
            self._expect(stdout is not None and b"up" in await stdout.readline(), "a session is live", "nothing")
        await self.people.revoke("alice", sql_grant, "done early")
        await self.people.revoke("alice", ssh_grant, "done early")
        async with asyncio.timeout(CUT_WITHIN_S):
            cut = [await self.clients.seen(child) for child in (psql, ssh)]
        for seen in cut:
            self._expect("revoked" in seen.err and seen.status != 0, "the session is cut with a message", seen.all)
        return "\n".join(seen.err.strip().splitlines()[0] for seen in cut)

    async def _revoke_ten(self) -> str:
        """one revocation cuts ten sessions of a grant at once"""
        token, grant = await self._granted("payments-db read 15m", "ten windows")
        words = ("-c", r"\echo up", "-c", "select pg_sleep(60)")
        live = [await self.clients.start_psql("read@payments-db", token, *words) for _ in range(TEN)]
        for child in live:
            self._expect(child.stdout is not None and b"up" in await child.stdout.readline(), "it is live", "nothing")
        await self.people.revoke("alice", grant, "all of them")
        async with asyncio.timeout(CUT_WITHIN_S):
            cut = [await self.clients.seen(child) for child in live]
        told = sum("revoked" in seen.err and seen.status != 0 for seen in cut)
        self._expect(told == TEN, "each is cut with a message", [seen.all for seen in cut])
        return f"{told} sessions: {cut[0].err.strip().splitlines()[0]}"

    async def _lapse(self) -> str:
        """a grant of five seconds cuts a live psql at its deadline"""
        token, _ = await self._granted("payments-db read 5s", "a quick look")
        seen = await self.clients.psql("read@payments-db", token, "select pg_sleep(60)")
        self._expect("This access ended" in seen.err, "psql is told", seen.all)
        return seen.err.strip().splitlines()[0]

    async def _digests(self) -> str:
        """the channel has a redacted digest of each session, under its card"""
        digest = await self.people.card("sessions replay")
        self._expect(bool(digest.get("thread_ts")), "it stands in the card's thread", digest)
        masked = await self.slack.wait_for(
            lambda message: "sessions replay" in plainly(message) and "card numbers" in plainly(message),
            channel="incidents",
            user="alice",
            timeout_s=30,
        )
        return plainly(masked)

    async def _audit(self) -> str:
        """the audit log is whole"""
        while await sequence(self.database):
            pass
        found = await verify(self.database)
        self._expect(not found.discrepancies, "no leaf has changed", found.discrepancies)
        return f"{found.tree_size} leaves, root {found.root.hex()}"

    async def _nothing_leaked(self) -> str:
        """no card number, code, token or password is in the database, recordings, logs or messages"""
        passwords = [(self.folder / name).read_text() for name in ("read-password", "admin-password")]
        found = await leaks(self.database, self.folder, self.slack, [*self.secrets, *passwords])
        self._expect(not found, "nothing sensitive is kept", found[:5])
        return f"{len(self.secrets)} tokens, {len(passwords)} passwords and every seeded card were looked for"


def _is_ephemeral(message: Shown) -> bool:
    return bool(message.get("is_ephemeral") or message.get("ephemeral"))
