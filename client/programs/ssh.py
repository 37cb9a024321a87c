"""What ssh and what stands on it are told to connect by a grant: options, environment, known hosts. Pure.

A certificate over a key of this run needs no question. A token goes to ssh's own question for a password, asked by the
name that we gave it, and to no other question: a host on the way (ProxyJump) that asks for a password is not told it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from client.api import Json

#: Answers one question of ssh's, and fails any other.
ASKPASS: Final = """#!/bin/sh
# Written by gatepass: answers ssh's question for the password of one gateway, and no other question.
[ "$1" = "$GATEPASS_QUESTION" ] && exec printf '%s\\n' "$GATEPASS_TOKEN"
echo "gatepass: ssh asked something else than the gateway's password: $1" >&2
exit 1
"""
#: ssh shows so much of a user in its question (sshconnect2.c, userauth_passwd).
_USER_SHOWN: Final = 30
#: The gateway's host key as `gatepass` knows it, whatever its address is called.
_ALIAS: Final = "gatepass."


def alias(server_key: str) -> str:
    return _ALIAS + server_key


def known_hosts(server_key: str, host_key: str) -> str:
    """The line of our known_hosts; a comment behind the key is dropped."""
    return f"{alias(server_key)} {' '.join(host_key.split()[:2])}\n"


def options(connect: Json, server_key: str, known_hosts_file: str, login: Mapping[str, str]) -> list[str]:
    """For ssh, scp and sftp: our host key and no other. `login` is how it lets itself in, one of those below."""
    said = {
        "HostName": str(connect["host"]),
        "Port": str(connect["port"]),
        "User": str(connect["user"]),
        "HostKeyAlias": alias(server_key),
        "UserKnownHostsFile": _quoted(known_hosts_file),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "VerifyHostKeyDNS": "no",
        "BatchMode": "no",
        "ControlMaster": "no",
        "ControlPath": "none",
        **login,
    }
    return [word for name, value in said.items() for word in ("-o", f"{name}={value}")]


#: The token as our password, and no key of the user's.
BY_TOKEN: Final[Mapping[str, str]] = {
    "PreferredAuthentications": "password",
    "PasswordAuthentication": "yes",
    "PubkeyAuthentication": "no",
    "NumberOfPasswordPrompts": "1",
}
#: Where the role takes neither: a key that its owner has registered, or their browser, which ssh asks for.
BY_ONES_OWN: Final[Mapping[str, str]] = {
    "PreferredAuthentications": "publickey,keyboard-interactive",
    "PubkeyAuthentication": "yes",
    "KbdInteractiveAuthentication": "yes",
    "PasswordAuthentication": "no",
    "NumberOfPasswordPrompts": "1",
}


def by_certificate(key: str) -> dict[str, str]:
    """The key in this file with the certificate beside it, and no other key and no question."""
    return {
        "PreferredAuthentications": "publickey",
        "PubkeyAuthentication": "yes",
        "IdentityFile": _quoted(key),
        "CertificateFile": _quoted(f"{key}-cert.pub"),
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PKCS11Provider": "none",
        "AddKeysToAgent": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
    }


def destination(connect: Json) -> str:
    """The name that ssh's configuration may have words about: the gateway's own, where it can stand before a colon."""
    host = str(connect["host"])
    return "gatepass" if ":" in host else host


def environment(around: Mapping[str, str], connect: Json, server_key: str, askpass: str, token: str) -> dict[str, str]:
    """ssh's environment: who asks its question, and the answer."""
    user = str(connect["user"])[:_USER_SHOWN]
    return {
        **around,
        "SSH_ASKPASS": askpass,
        "SSH_ASKPASS_REQUIRE": "force",
        "GATEPASS_QUESTION": f"{user}@{alias(server_key)}'s password: ",
        "GATEPASS_TOKEN": token,
    }


def remote_shell(words: Sequence[str]) -> str:
    """RSYNC_RSH: rsync splits it at spaces, and takes quotes (rsync(1), --rsh)."""
    return " ".join("'" + each.replace("'", "''") + "'" for each in words)


def _quoted(path: str) -> str:
    """A path in an option: in quotes, for ssh splits at spaces, and with no `%` that it would expand."""
    return '"' + path.replace("%", "%%") + '"'
