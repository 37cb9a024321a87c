"""Heads of HTTP messages as values (RFC 9110): a method and a target, or a status, and fields. Pure.

Names of fields are in lower case. It refuses a request that two servers could read in two ways.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Fields = tuple[tuple[str, str], ...]


class BadRequest(Exception):
    """A request that is not answered but with its sentence and `status`."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Head:
    """What a request begins with; its target as it came."""

    method: str
    target: str
    fields: Fields

    @classmethod
    def of(cls, method: bytes, target: bytes, fields: Iterable[tuple[bytes, bytes]]) -> "Head":
        """Raises BadRequest."""
        named = tuple((name.decode("ascii").lower(), value.decode("latin-1")) for name, value in fields)
        head = cls(method.decode("ascii"), target.decode("latin-1"), named)
        head.check_framing()
        return head

    def get(self, name: str) -> str | None:
        """The value of a field that stands once; None: it does not stand there. Raises BadRequest for several."""
        found = self.all(name)
        if len(found) > 1:
            raise BadRequest(f"The request has {len(found)} headers named {name}; one is all that it may have.")
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return [value for each, value in self.fields if each == name]

    def listed(self, name: str) -> list[str]:
        """The members of a field that is a list (RFC 9110, 5.6.1), in lower case."""
        return [each.strip().lower() for value in self.all(name) for each in value.split(",") if each.strip()]

    def check_framing(self) -> None:
        """One length, and one way to say it (RFC 9112, 6.3: what has two may be an attack). Raises BadRequest."""
        if self.all("transfer-encoding") and self.all("content-length"):
            raise BadRequest("The request has Content-Length and Transfer-Encoding, which say two lengths.")
        for name in ("content-length", "transfer-encoding", "host", "authorization", "upgrade"):
            self.get(name)

    @property
    def upgrade(self) -> str:
        """The protocol that the client wants to go on with, in lower case; empty: none."""
        wanted = self.get("upgrade") or ""
        return wanted.strip().lower() if "upgrade" in self.listed("connection") else ""


@dataclass(frozen=True)
class Answer:
    """What a response begins with."""

    status: int
    fields: Fields = ()
