"""`gatepass config`, and what the block of ~/.ssh/config calls."""

import os
import subprocess
import sys
from typing import Final

from client.access.asking import Wish
from client.access.choosing import Target, target_of
from client.api import Api, Json
from client.configs import blocks, service, ssh_block
from client.errors import FILES, Failed, usage
from client.kept import folder
from client.options import Given
from client.programs import certified
from client.programs.commands import ca_file, opened, remember, ssh_by_grant
from client.programs.ssh import destination

#: sun_path has 104 bytes or more (unix(7), and less on macOS); ssh adds up to 17 while it makes the socket.
_LONGEST_FOLDER: Final = 70
#: How long a connection that nobody uses stays.
_PERSIST_S: Final = 30
#: How long ssh may take to log in.
_LOGIN_S: Final = 60


def config(api: Api, given: Given) -> None:
    """Raises Failed."""
    kind, resource = given.words[0], given.words[1] if len(given.words) > 1 else None
    if kind not in {"ssh", "psql"}:
        raise usage("It is `gatepass config ssh` or `gatepass config psql [RESOURCE]`.")
    path = _ssh_file() if kind == "ssh" else _service_file()
    text = folder.read(path) or ""
    if "--remove" in given.flags:
        left = blocks.without(text, api.server.origin)
        if left != text:
            _write(path, left)
        if kind == "psql":
            folder.forget(api.server.file("pgpass"))
        said = f"Nothing of {api.server.origin} stands in {path}." if left == text else f"Taken out of {path}."
        print(said, file=sys.stderr)
        return
    lines = _ssh_lines(api) if kind == "ssh" else _service_lines(api, given, resource)
    if "--print" in given.flags:
        print("\n".join(lines))
        return
    _write(path, blocks.put(text, api.server.origin, lines, first=kind == "ssh"))
    names = [line.split()[2] for line in lines if line.startswith("Match originalhost ") and " exec " in line]
    names += [f"service={line.strip('[]')}" for line in lines if line.startswith("[")]
    print(f"Written to {path}: {', '.join(names) or 'nothing yet'}.", file=sys.stderr)


def ready(api: Api, given: Given) -> None:
    """Have a logged-in connection under the socket of this host, asking for access if need be. Raises Failed."""
    host = next((each for each in ssh_block.hosts(_offers(api)) if each.name == given.words[0]), None)
    if host is None:
        raise usage(f"{given.words[0]} is no host that you may ask for. Run `gatepass config ssh` again.")
    path = os.path.join(_sockets(), ssh_block.socket_name(api.server.origin, host.name))
    if _is_live(path):
        return
    by = ssh_by_grant(api, Target(host.resource, host.role), Wish.of(given), browser=True)
    log = f"{path}.log"
    folder.write(log, "")
    words = ["ssh", *_mastering(path), *by.options, destination(by.connect)]
    with open(log, "r+", encoding="utf-8", errors="replace") as output:
        # Not our own standard error: what stays in the background would keep a pipe open that others read to its end.
        try:
            status = subprocess.run(  # noqa: S603 - ssh, with options of ours and names that the policy has
                words,
                env=by.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=_LOGIN_S,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f"ssh did not log in ({type(error).__name__}).", FILES) from error
        finally:
            certified.forget(by.key)
        output.seek(0)
        said = output.read().strip()
    folder.forget(log)
    if status:
        raise Failed(said or "ssh did not log in.", FILES)


def _mastering(path: str) -> list[str]:
    """Options that come first count, so these are before the usual ones."""
    said = {"ControlMaster": "yes", "ControlPath": f'"{path.replace("%", "%%")}"', "ControlPersist": str(_PERSIST_S)}
    return ["-N", "-f", "-T", *(word for name, value in said.items() for word in ("-o", f"{name}={value}"))]


def _is_live(path: str) -> bool:
    if not os.path.exists(path):
        return False
    words = ["ssh", "-F", "none", "-o", f'ControlPath="{path.replace("%", "%%")}"', "-O", "check", "gatepass"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603 - likewise


def _ssh_lines(api: Api) -> list[str]:
    found = ssh_block.hosts(_offers(api))
    return ssh_block.lines(api.server.origin, found, os.path.abspath(sys.argv[0]), _sockets())


def _service_lines(api: Api, given: Given, resource: str | None) -> list[str]:
    """The accesses that are open; with a resource, that one is asked for where it is not."""
    if folder.read(api.server.file("pgpass")) is None and "--print" not in given.flags:
        folder.write(api.server.file("pgpass"), "")
    if resource is not None:
        opened(api, target_of(resource, given.value("--role")), Wish.of(given), "postgres")
    answer = api.get("/api/grants")
    if answer["gateway"].get("ca"):
        folder.write_if_other(ca_file(api), str(answer["gateway"]["ca"]))
    entries: dict[str, Json] = {}
    for each in answer["grants"]:
        if each["type"] != "postgres" or each["connect"] is None:
            continue
        entries[str(each["resource"])] = each["connect"]
        entries[f"{each['role']}.{each['resource']}"] = each["connect"]
        if "--print" not in given.flags:
            remember(api, each["connect"], str(api.post(f"/api/grants/{each['id']}/token")["token"]))
    return service.lines(sorted(entries.items()), ca_file(api), api.server.file("pgpass"))


def _offers(api: Api) -> list[Json]:
    return list(api.get("/api/offers")["offers"])


def _sockets() -> str:
    """A folder of this account's alone, with a path short enough for a socket in it. Raises Failed."""
    runtime = folder.runtime()
    candidates = [runtime] if runtime is not None else []
    candidates += [os.path.join(folder.root(), "run"), os.path.join(folder.home(), ".ssh", "gatepass")]
    for path in candidates:
        if len(path.encode()) <= _LONGEST_FOLDER:
            try:
                os.makedirs(path, 0o700, exist_ok=True)
                found = os.stat(path)
            except OSError:
                continue
            if found.st_uid == os.getuid() and not found.st_mode & 0o077:
                return path
    raise Failed(f"No folder is short and private enough for sockets: {', '.join(candidates)}.", FILES)


def _ssh_file() -> str:
    return os.path.join(folder.home(), ".ssh", "config")


def _service_file() -> str:
    return os.environ.get("PGSERVICEFILE") or os.path.join(folder.home(), ".pg_service.conf")


def _write(path: str, text: str) -> None:
    """Where the file is a link, what it leads to is written; its mode stays. Raises Failed."""
    path = os.path.realpath(path)
    try:
        mode = os.stat(path).st_mode & 0o777
    except OSError:
        mode = folder.PRIVATE
    folder.write_if_other(path, text, mode)
