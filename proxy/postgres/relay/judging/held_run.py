"""HeldRun: one run that reviewers are asked about, on its connection: where it would run, and on how many rows.

It asks the server what names mean there (`questions`), and the planner over a connection of its own (`estimate`).
"""

from dataclasses import dataclass

from proxy.postgres.relay.judging.estimate import Estimator
from proxy.postgres.relay.judging.questions import ask_by_query, ask_in_batch
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.pending_reply import Question
from proxy.postgres.sql.search_path import schemas_of
from proxy.sessions.reviewed import Around, NotAsked

#: What decides which things names mean, and whose rights count.
_SETTINGS = ("search_path", "role", "session_authorization")
_NO_ROLE = "none"
#: Where the server takes no question: a failed transaction, or a COPY that waits for rows. Nothing runs there.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class HeldRun:
    """`sql` is its whole text, empty where it is not one text; the surroundings of `sessions.reviewed`."""

    state: ConnectionState
    link: Link
    estimator: Estimator
    sql: bytes
    #: It came as a Query, so a question may come as one.
    is_query: bool = False

    async def look(self) -> Around:
        """Ask the server. Raises NotAsked."""
        database = self.estimator.database
        if self.state.copying_in or self.state.has_failed:
            return Around(database, UNKNOWN)
        ask = ask_by_query if self.is_query else ask_in_batch
        path, role, account = await answered(self.link, *ask(self.state, _SETTINGS))
        acts_as = role if role != _NO_ROLE else account
        return Around(database, path, acts_as if acts_as != self.estimator.account else "")

    async def schemas(self) -> tuple[str, ...] | None:
        """Those in which a name without one may stand; None: not known. Raises NotAsked."""
        around = await self.look()
        if around.search_path == UNKNOWN:
            return None
        return schemas_of(around.search_path, around.acts_as or self.estimator.account)

    async def estimate(self, around: Around) -> str:
        """Of the planner, or "unknown" where what it would plan is not proven to be this."""
        if not self.sql or around.acts_as or around.search_path == UNKNOWN or self.state.has_made_things:
            return UNKNOWN
        return await self.estimator.rows(self.sql, around.search_path)


async def answered(link: Link, question: Question, sent: bytes) -> list[str]:
    """Send a question and wait for its answer. Raises NotAsked."""
    await link.send(sent)
    await link.until(lambda: question.done or question.failed is not None)
    if question.failed is not None:
        raise NotAsked(
            "Gatepass could not ask the database what this statement's names mean there, so nobody was asked to "
            f"review it: {question.failed}"
        )
    return question.cells
