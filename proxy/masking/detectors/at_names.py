"""Names with an @ in them that are no e-mail addresses, told by how they are written and what stands around them.

Each form is one that no address has, or that no address in a text has in that place. What is not listed is an address.
"""

import re

#: Instances of systemd's units: `user@1000.service`, `postgresql@15-main.service` (systemd.unit(5)).
_UNIT = re.compile(
    rb"(?:[^@]*\.)?(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)", re.IGNORECASE
)
#: A version, and what files of packages end in: `lodash@4.17.21.tgz`, `left-pad@1.3.0.tar`.
_PACKAGE = re.compile(rb"v?\d+(?:\.\d+)+(?:[-.][0-9A-Za-z]+)*")
#: Images for dense screens: `icon@3x.png`.
_DENSE = re.compile(rb"\dx\.(?:png|jpe?g|webp|gif|svg|avif)")
#: Snapshots of zfs by its usual tools: `tank/home@snap.daily`.
_SNAPSHOT = re.compile(rb".*\.(?:hourly|daily|weekly|monthly|yearly|frequent)")
#: Who names algorithms and extensions of SSH (RFC 4251, 6), and what their names have that people's have not.
_VENDORS = frozenset(
    [b"openssh.com", b"libssh.org", b"lysator.liu.se", b"ssh.com", b"matt.ucc.asn.au", b"putty.projects.tartarus.org"]
)
_ALGORITHM = re.compile(
    rb"(?:aes|chacha20|rijndael|umac|hmac|ssh|sk|ecdsa|webauthn|curve25519|sntrup|mlkem|kex|ext|eow|no|hostkeys|"
    rb"keepalive|publickey|auth|zlib|posix|hardlink|fsync|lsetstat|limits|expand|home|users|copy|statvfs|fstatvfs|tun|"
    rb"direct|forwarded|streamlocal|cancel|session|rsa|ping|pong|agent|session|verify|require)"
    rb"[a-z0-9]*(?:[-_][a-z0-9]+)*"
)
#: Behind a host in a prompt or a remote path: `root@db01.example.com:/#`, `git@github.com:org/repo`.
_PATH = re.compile(rb":[/~]|[ ][^\s\]@]{1,64}\][#$%]")


def is_a_name(data: bytes, first: int, at: int, past: int) -> bool:
    """Whether data[first:past], with its @ at `at`, is such a name."""
    local, domain = data[first:at], data[at + 1 : past]
    before, behind = data[first - 1 : first] if first else b"", data[past : past + 80]
    if _UNIT.fullmatch(domain) or _PACKAGE.fullmatch(domain) or _DENSE.fullmatch(domain):
        return True
    if local == b"git" or (domain in _VENDORS and _ALGORITHM.fullmatch(local) is not None):
        return True
    if before == b"/" and _SNAPSHOT.fullmatch(domain) is not None:
        return True
    followed = _PATH.match(behind)
    return followed is not None and (behind[:1] == b":" or before == b"[")
