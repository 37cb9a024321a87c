"""`gatepass keys`: SSH keys of one's own. A key is added by a text that it signs, so ssh-keygen is asked for that."""

import os
import shutil
import subprocess
import sys
from typing import Final

from client.api import Api, Json, Refused
from client.errors import FILES, NO_PROGRAM, REFUSED, Failed, shown, usage
from client.kept import folder
from client.options import Given

_NAMESPACE: Final = "gatepass"
#: In which order ssh looks for one.
_USUAL: Final = ("id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa")


def keys(api: Api, given: Given) -> None:
    """Raises Failed."""
    match given.words:
        case ["list"]:
            _list(api)
        case ["add"]:
            _add(api, _usual(), given)
        case ["add", path]:
            _add(api, path, given)
        case ["remove", which]:
            _remove(api, which)
        case _:
            raise usage("It is `gatepass keys list`, `gatepass keys add [FILE]` or `gatepass keys remove NAME`.")


def _list(api: Api) -> None:
    found = _mine(api)
    if not found:
        print("You have no SSH key here. `gatepass keys add` adds one.")
    width = max((len(each["name"]) for each in found), default=0)
    for each in found:
        used = f"last used {each['last_used_at'][:10]}" if each["last_used_at"] else "never used"
        print(shown(f"{each['name']:<{width}}  {each['kind']}  {each['fingerprint']}  {used}"))


def _add(api: Api, path: str, given: Given) -> None:
    name = given.value("--name") or os.path.basename(path).removesuffix(".pub")
    text = str(api.post("/api/ssh-keys/text")["text"])
    try:
        added = api.post("/api/ssh-keys", {"text": text, "signature": _signed(path, text), "name": name})
    except Refused as refused:
        if refused.word != "takes_touch":
            raise
        raise Failed(f"{refused} {api.server.origin}/ssh-keys", REFUSED) from refused
    print(shown(f"Added {added['name']}: {added['kind']} {added['fingerprint']}."))


def _remove(api: Api, which: str) -> None:
    found = [each for each in _mine(api) if which in {each["name"], each["id"], each["fingerprint"]}]
    if len(found) != 1:
        many = "no SSH key" if not found else f"{len(found)} SSH keys"
        raise Failed(f"You have {many} called {which}. `gatepass keys list` has them, with fingerprints.", REFUSED)
    api.post(f"/api/ssh-keys/{found[0]['id']}/end")
    print(shown(f"Ended {found[0]['name']}. It lets nobody in any more."))


def _mine(api: Api) -> list[Json]:
    return list(api.get("/api/ssh-keys")["keys"])


def _usual() -> str:
    """Raises Failed."""
    for name in _USUAL:
        path = os.path.join(folder.home(), ".ssh", name)
        if os.path.exists(path):
            return path
    said = "There is no key in ~/.ssh. Make one (ssh-keygen -t ed25519), or say which: gatepass keys add FILE."
    raise Failed(said, FILES)


def _signed(path: str, text: str) -> str:
    """The text, signed by the key in this file or by the agent that holds it. Raises Failed."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Failed("ssh-keygen is not on this machine. Install it (Debian: openssh-client).", NO_PROGRAM)
    if not os.path.exists(path):
        raise Failed(
            f"{path} is not there. Say the key's file, or its public half's where an agent has the key.", FILES
        )
    words = [program, "-Y", "sign", "-n", _NAMESPACE, "-f", path]
    try:
        # Its standard error is ours: it asks for a passphrase or a touch.
        done = subprocess.run(words, input=text.encode(), stdout=subprocess.PIPE, check=False)  # noqa: S603 - ssh-keygen
    except OSError as error:
        raise Failed(f"ssh-keygen cannot be started ({error.strerror}).", NO_PROGRAM) from error
    if done.returncode:
        sys.stderr.flush()
        raise Failed(f"ssh-keygen did not sign with {path}, so nothing was added.", FILES)
    return done.stdout.decode(errors="replace")
