"""`gatepass psql`, `ssh`, `sftp`, `scp`, `rsync` and `exec`: the grant, what lets in by it, then the program itself."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from client.access import choosing
from client.access.asking import Wish, entered
from client.access.choosing import Target
from client.api import Api, Json
from client.errors import REFUSED, UNTRUSTED, Failed, usage
from client.kept import folder
from client.options import Given
from client.programs import certificate, certified, operands, postgres, ssh, touching
from client.programs.certificate import Certificate
from client.programs.start import become


def psql(api: Api, given: Given) -> None:
    """Returns only by raising Failed, as all of these."""
    _with_postgres(api, given, ["psql", *given.rest])


def run(api: Api, given: Given) -> None:
    if not given.rest:
        raise usage("It is `gatepass exec RESOURCE -- PROGRAM [ARGUMENT…]`.")
    _with_postgres(api, given, given.rest)


def plain_ssh(api: Api, given: Given) -> None:
    by = _ssh(api, given, given.words[0])
    become(["ssh", *by.options, ssh.destination(by.connect), *given.rest], by.environment)


def sftp(api: Api, given: Given) -> None:
    word, colon, path = given.words[0].partition(":")
    by = _ssh(api, given, word)
    become(["sftp", *by.options, *given.rest, ssh.destination(by.connect) + colon + path], by.environment)


def scp(api: Api, given: Given) -> None:
    copy = operands.read("scp", given.rest)
    by = _ssh(api, given, copy.host)
    become(["scp", *by.options, *copy.to(ssh.destination(by.connect))], by.environment)


def rsync(api: Api, given: Given) -> None:
    copy = operands.read("rsync", given.rest)
    by = _ssh(api, given, copy.host)
    shell = {"RSYNC_RSH": ssh.remote_shell(["ssh", *by.options])}
    become(["rsync", *copy.to(ssh.destination(by.connect))], by.environment | shell)


def opened(api: Api, target: Target, wish: Wish, kind: str) -> tuple[Json, str]:
    """How to connect to a resource of this kind, and the token; what to trust is kept. Raises Failed."""
    grant = trusted(api, target, wish, kind)
    token = _token(api, grant, touching.given(api, grant, browser=True))
    if kind == "postgres" and folder.read(api.server.file("pgpass")) is not None:
        remember(api, grant["connect"], token)
    return grant["connect"], token


def trusted(api: Api, target: Target, wish: Wish, kind: str) -> Json:
    """The grant to connect by to a resource of this kind; what to trust on the way is kept. Raises Failed."""
    grant, gateway = entered(api, target, wish, kind)
    _keep_trust(api, gateway)
    return grant


def lets_in(api: Api, grant: Json, *, browser: bool) -> Certificate | str:
    """What opens a database by this grant: a certificate where its door takes one, else a token. Raises Failed.

    Where it takes a touch that is waited for, and `browser` is whether the page is opened.
    """
    accepts = _accepted(grant)
    if "certificate" in accepts and certificate.is_possible():
        return certificate.issued(api, grant, touching.given(api, grant, browser=browser))
    if "token" in accepts:
        return _token(api, grant, touching.given(api, grant, browser=browser))
    door = f"{grant['role']}@{grant['resource']}"
    if "certificate" in accepts:
        raise Failed(
            f"{door} accepts a certificate alone, and no key can be made here: the Python package cryptography is "
            "missing. Install gatepass again, with what it depends on.",
            REFUSED,
        )
    raise Failed(
        f"{door} accepts neither a token nor a certificate through this gateway. Ask your operator: `accepts` of the "
        "role in the policy, and whether the gateway takes client certificates.",
        REFUSED,
    )


def _accepted(grant: Json) -> list[str]:
    """What the door of a grant accepts; a server of before certificates does not say."""
    return list(grant.get("accepts", ["token"]))


def _token(api: Api, grant: Json, touch: str | None = None) -> str:
    said = None if touch is None else {"touch": touch}
    return str(api.post(f"/api/grants/{grant['id']}/token", said)["token"])


def remember(api: Api, connect: Json, token: str) -> None:
    """The password file that `gatepass config psql` made has this token for this role from now on. Raises Failed."""
    path = api.server.file("pgpass")
    line = postgres.password_line(connect, token)
    whose = line[: -len(token)]
    others = [each for each in (folder.read(path) or "").splitlines() if not each.startswith(whose)]
    folder.write(path, "".join(f"{each}\n" for each in [*others, line]))


@dataclass(frozen=True)
class ByGrant:
    """How ssh connects by a grant."""

    connect: Json
    options: list[str]
    environment: dict[str, str]
    #: The key of this run, if it has one.
    key: str | None = None


def ssh_by_grant(api: Api, target: Target, wish: Wish, *, browser: bool) -> ByGrant:
    """A certificate where the role takes one, else a token, else what the user has. Raises Failed.

    Where what is handed takes a touch that is waited for, and `browser` is whether the page is opened.
    """
    grant = trusted(api, target, wish, "ssh")
    connect: Json = grant["connect"]
    accepts = _accepted(grant)
    around, key, touch = dict(os.environ), None, None
    if not {"certificate", "token"}.isdisjoint(accepts):
        touch = touching.given(api, grant, browser=browser)
    if "certificate" in accepts:
        key = certified.key_for(api, str(grant["id"]), touch)
    if key is not None:
        login = ssh.by_certificate(key)
    elif "token" in accepts:
        login, around = ssh.BY_TOKEN, _with_askpass(api, connect, _token(api, grant, touch))
    else:
        login = ssh.BY_ONES_OWN
    known_hosts = api.server.file("known_hosts")
    return ByGrant(connect, ssh.options(connect, api.server.key, known_hosts, login), around, key)


def _with_askpass(api: Api, connect: Json, token: str) -> dict[str, str]:
    """Raises Failed."""
    askpass = api.server.file("askpass")
    folder.write_if_other(askpass, ssh.ASKPASS, mode=0o700)
    return ssh.environment(os.environ, connect, api.server.key, askpass, token)


def ca_file(api: Api) -> str:
    """Where the gateway's authority is kept for libpq."""
    return api.server.file("gateway-ca.pem")


def _with_postgres(api: Api, given: Given, words: Sequence[str]) -> None:
    """Become this program, let in by the grant."""
    target = choosing.target_of(given.words[0], given.value("--role"))
    grant = trusted(api, target, Wish.of(given), "postgres")
    connect, brought = grant["connect"], lets_in(api, grant, browser="--no-browser" not in given.flags)
    if folder.read(api.server.file("pgpass")) is not None and "token" in _accepted(grant):
        if isinstance(brought, str):
            remember(api, connect, brought)
        elif not grant.get("takes_touch"):
            remember(api, connect, _token(api, grant))
    api.close()
    if isinstance(brought, str):
        become(words, postgres.environment(os.environ, connect, ca_file(api), token=brought))
        return
    files = certificate.written(brought)
    certificate.remove_afterwards(files)
    become(words, postgres.environment(os.environ, connect, ca_file(api), files=(files.certificate, files.key)))


def _ssh(api: Api, given: Given, word: str) -> ByGrant:
    target = choosing.target_of(word, given.value("--role"))
    found = ssh_by_grant(api, target, Wish.of(given), browser="--no-browser" not in given.flags)
    api.close()
    return found


def _keep_trust(api: Api, gateway: Json) -> None:
    """Whom clients trust, as the server says over the connection that it proved itself on. Raises Failed."""
    ca, key = gateway.get("ca"), gateway.get("ssh_host_key")
    if not ca or not key:
        raise Failed(
            f"{api.server.origin} does not say by what its ports are known: its pages run without the gateway's keys. "
            "Nothing was sent. Tell your operator (GATEPASS_HOME of the process that serves the pages).",
            UNTRUSTED,
        )
    folder.write_if_other(ca_file(api), str(ca))
    folder.write_if_other(api.server.file("known_hosts"), ssh.known_hosts(api.server.key, str(key)))
