"""A command line on the browser's machine: the browser brings it a code, which it exchanges for its sign-in (RFC 8252).

The code is for whoever has the verifier (PKCE), for one minute, once. Presented a second time, somebody else has had
it: the sign-in that it gave ends.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlmodel import col

from access import changes
from access.context import Access
from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import codes
from access.identity.command_lines.given import CodeProblem, CodeRefused, Given, forget_old, give, note_refusal
from storage.audit import trail
from storage.database import clock
from storage.model import SignInCode, SignInCodeKind

CODE_LIFETIME: Final = timedelta(minutes=1)
_AGAIN: Final = "Run `gatepass login` again."


@dataclass(frozen=True)
class Wanted:
    """What a command line asks a browser for; `read` refuses everything that it could not be given."""

    challenge: bytes
    redirect_uri: str
    state: str
    device: str

    @classmethod
    def read(cls, challenge: str, method: str, redirect_uri: str, state: str, device: str) -> "Wanted | None":
        """From the words of an address; None: no command line of ours asks like that."""
        digest, name = codes.challenge_of(challenge), codes.device_name(device)
        is_ours = method == "S256" and codes.is_loopback(redirect_uri) and codes.is_state(state)
        if not is_ours or digest is None or name is None:
            return None
        return cls(digest, redirect_uri, state, name)


async def allow(access: Access, me: SignedIn, wanted: Wanted, *, client: str) -> str:
    """Let a command line in as `me`; returns the code for it. `client` is the address of the browser."""
    code = codes.new_code()
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await forget_old(transaction, now)
        transaction.add(
            SignInCode(
                kind=SignInCodeKind.LOOPBACK,
                code_hash=codes.hashed(code),
                challenge=wanted.challenge,
                redirect_uri=wanted.redirect_uri,
                device=wanted.device,
                client=client,
                allowed_by=me.session.id,
                created_at=now,
                expires_at=now + CODE_LIFETIME,
            )
        )
        await trail.record(
            transaction,
            actor=changes.actor(me.principal),
            action="web:command_line:allow",
            resource=me.principal.name,
            at=now,
            detail={"browser": str(me.session.id), "device": wanted.device, "client": client, "way": "loopback"},
        )
    return code


async def exchange(access: Access, code: str, verifier: str, redirect_uri: str, *, client: str) -> Given:
    """The sign-in that the code is for. Whatever comes of it, the code is spent. Raises CodeRefused, on record."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        spent = await transaction.scalar(
            update(SignInCode)
            .where(
                col(SignInCode.code_hash) == codes.hashed(code),
                col(SignInCode.kind) == SignInCodeKind.LOOPBACK,
                col(SignInCode.used_at).is_(None),
            )
            .values(used_at=now)
            .returning(SignInCode)
        )
        given, why = None, "unknown code"
        if spent is None:
            before = await transaction.scalar(
                select(SignInCode).where(
                    col(SignInCode.code_hash) == codes.hashed(code), col(SignInCode.kind) == SignInCodeKind.LOOPBACK
                )
            )
            if before is not None:
                why = "code used twice"
                if before.gave is not None:
                    await browser_sessions.end_replayed(transaction, before.gave, now)
        elif spent.expires_at <= now:
            why = "code too late"
        elif spent.challenge is None or not codes.is_verifier(verifier, spent.challenge):
            why = "wrong verifier"
        elif spent.redirect_uri != redirect_uri:
            why = "another redirect_uri"
        else:
            given, why = await give(transaction, spent, now, client=client), "signed out since"
        if given is None:
            await note_refusal(transaction, why, client=client)
    if given is None:
        raise CodeRefused(
            CodeProblem.INVALID, f"This code signs nothing in: it is used, too old, or not yours. {_AGAIN}"
        )
    return given
