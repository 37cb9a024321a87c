"""`gatepass login` and `gatepass logout`."""

import dataclasses
import os
import socket
import sys

from client.api import Api
from client.errors import SIGNED_OUT, Failed
from client.kept import folder, secret, servers
from client.kept.servers import Server
from client.login import browsers, device, loopback, trust
from client.login.pkce import device_name
from client.options import Given


def login(given: Given) -> None:
    """Sign in, keep it, and make the server the one that is meant from now on. Raises Failed."""
    typed = given.words[0] if given.words else given.value("--server")
    server = servers.known(servers.origin_of(typed)) if typed else servers.meant(None)
    ca = trust.authority(server, given.value("--ca-file"), given.value("--ca-fingerprint"))
    server = dataclasses.replace(server, ca=ca)
    in_keyring = "--no-keyring" not in given.flags
    sign_in(server, browser="--no-browser" not in given.flags, in_keyring=in_keyring)


def sign_in(server: Server, *, browser: bool, in_keyring: bool) -> None:
    """Raises Failed."""
    api, name = Api(server), device_name(socket.gethostname())
    try:
        way = loopback if browser and browsers.has_browser() else device
        answer = way.signed_in(api, name)
    finally:
        api.close()
    before = servers.known(server.origin)
    secret.forget(before)
    kept_in = secret.keep(server, str(answer["access_token"]), in_keyring=in_keyring)
    server = dataclasses.replace(server, keyring=kept_in, person=str(answer["person"]))
    servers.keep(server)
    servers.make_default(server)
    where = "the keyring" if kept_in is not None else server.file("secret")
    hours = int(answer["expires_in"]) / 3600
    print(f"Signed in at {server.origin} as {server.person}, for {hours:.0f} hours. Kept in {where}.", file=sys.stderr)


def logout(given: Given) -> None:
    """End it at the server, and forget it here, whether the server answers or not. Raises Failed."""
    server = servers.meant(given.value("--server"))
    problem = None
    try:
        api = Api(server, secret.read(server))
        try:
            api.post("/api/sign-out")
        finally:
            api.close()
    except Failed as failed:
        problem = failed
    secret.forget(server)
    for name in ("pgpass", "resources"):
        folder.forget(os.path.join(server.folder, name))
    servers.keep(dataclasses.replace(server, keyring=None, person=None))
    if problem is not None and problem.status != SIGNED_OUT:
        raise Failed(
            f"The sign-in was forgotten here, but the server was not told: {problem} End it on the page My access.",
            problem.status,
        )
    print(
        f"Signed out at {server.origin}. What this command line was given lets nobody in any more. "
        "Access that is open stays open until it ends.",
        file=sys.stderr,
    )
