"""`gatepass psql`, `ssh`, `sftp`, `scp`, `rsync` and `exec`: the grant, the token, and then the program itself."""

import os

from client.access import choosing
from client.access.asking import Wish, entered
from client.access.choosing import Target
from client.api import Api, Json
from client.errors import UNTRUSTED, Failed, usage
from client.kept import folder
from client.options import Given
from client.programs import operands, postgres, ssh
from client.programs.start import become


def psql(api: Api, given: Given) -> None:
    """Returns only by raising Failed, as all of these."""
    become(["psql", *given.rest], _postgres(api, given))


def run(api: Api, given: Given) -> None:
    if not given.rest:
        raise usage("It is `gatepass exec RESOURCE -- PROGRAM [ARGUMENT…]`.")
    become(given.rest, _postgres(api, given))


def plain_ssh(api: Api, given: Given) -> None:
    connect, environment = _ssh(api, given, given.words[0])
    become(["ssh", *_options(api, connect), ssh.destination(connect), *given.rest], environment)


def sftp(api: Api, given: Given) -> None:
    word, colon, path = given.words[0].partition(":")
    connect, environment = _ssh(api, given, word)
    become(["sftp", *_options(api, connect), *given.rest, ssh.destination(connect) + colon + path], environment)


def scp(api: Api, given: Given) -> None:
    copy = operands.read("scp", given.rest)
    connect, environment = _ssh(api, given, copy.host)
    become(["scp", *_options(api, connect), *copy.to(ssh.destination(connect))], environment)


def rsync(api: Api, given: Given) -> None:
    copy = operands.read("rsync", given.rest)
    connect, environment = _ssh(api, given, copy.host)
    environment["RSYNC_RSH"] = ssh.remote_shell(["ssh", *_options(api, connect)])
    become(["rsync", *copy.to(ssh.destination(connect))], environment)


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


def ssh_options(api: Api, connect: Json) -> list[str]:
    return _options(api, connect)


def ssh_environment(api: Api, connect: Json, token: str) -> dict[str, str]:
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


def _ssh(api: Api, given: Given, word: str) -> tuple[Json, dict[str, str]]:
    target = choosing.target_of(word, given.value("--role"))
    connect, token = opened(api, target, Wish.of(given), "ssh")
    api.close()
    return connect, ssh_environment(api, connect, token)


def _options(api: Api, connect: Json) -> list[str]:
    return ssh.options(connect, api.server.key, api.server.file("known_hosts"))


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
