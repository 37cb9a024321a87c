"""`gatepass psql`, `ssh`, `sftp`, `scp`, `rsync` and `exec`: the grant, what lets in by it, then the program itself."""

import os
from dataclasses import dataclass

from client.access import choosing
from client.access.asking import Wish, entered
from client.access.choosing import Target
from client.api import Api, Json
from client.errors import UNTRUSTED, Failed, usage
from client.kept import folder
from client.options import Given
from client.programs import certified, operands, postgres, ssh
from client.programs.start import become


def psql(api: Api, given: Given) -> None:
    """Returns only by raising Failed, as all of these."""
    become(["psql", *given.rest], _postgres(api, given))


def run(api: Api, given: Given) -> None:
    if not given.rest:
        raise usage("It is `gatepass exec RESOURCE -- PROGRAM [ARGUMENT…]`.")
    become(given.rest, _postgres(api, given))


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
    grant, gateway = entered(api, target, wish, kind)
    _keep_trust(api, gateway)
    token = str(api.post(f"/api/grants/{grant['id']}/token")["token"])
    if kind == "postgres" and folder.read(api.server.file("pgpass")) is not None:
        remember(api, grant["connect"], token)
    return grant["connect"], token


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


def ssh_by_grant(api: Api, target: Target, wish: Wish) -> ByGrant:
    """A certificate where the role takes one, else a token, else what the user has. Raises Failed."""
    grant, gateway = entered(api, target, wish, "ssh")
    _keep_trust(api, gateway)
    connect: Json = grant["connect"]
    # A server that does not say takes tokens.
    accepts = connect.get("accepts") or ["token"]
    around, key = dict(os.environ), None
    if "certificate" in accepts:
        key = certified.key_for(api, str(grant["id"]))
    if key is not None:
        login = ssh.by_certificate(key)
    elif "token" in accepts:
        token = str(api.post(f"/api/grants/{grant['id']}/token")["token"])
        login, around = ssh.BY_TOKEN, _with_askpass(api, connect, token)
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


def _postgres(api: Api, given: Given) -> dict[str, str]:
    target = choosing.target_of(given.words[0], given.value("--role"))
    connect, token = opened(api, target, Wish.of(given), "postgres")
    api.close()
    return postgres.environment(os.environ, connect, ca_file(api), token)


def _ssh(api: Api, given: Given, word: str) -> ByGrant:
    found = ssh_by_grant(api, choosing.target_of(word, given.value("--role")), Wish.of(given))
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
