"""Which algorithms are offered, on both legs: named one by one, so that none comes in by a library's default.

No SHA-1, no CBC, no group that the other side may choose, no tag of 64 bits. Names are those of IANA's registry of SSH
protocol parameters and of OpenSSH's PROTOCOL file.
"""

from typing import Final

#: The first is what most clients guess: RFC 4253, 7.1 lets a guess stand where both sides put the same one first, and
#: Dropbear sends its own along with its proposal. OpenSSH guesses nothing, and its own order decides.
KEY_EXCHANGE: Final = (
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "mlkem768x25519-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
)
#: Hosts that must use what NIST has approved have these alone; auditors (ssh-audit) want no server to offer them.
NIST_CURVES: Final = ("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521")
#: To an upstream the strongest goes first: there the client's order decides, and the client is the gateway.
UPSTREAM_KEY_EXCHANGE: Final = (
    "mlkem768x25519-sha256",
    *(name for name in KEY_EXCHANGE if name != "mlkem768x25519-sha256"),
    *NIST_CURVES,
)

GCM: Final = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
#: AES-GCM first: measured here it moves several times as much as the others, because one call does all the work.
ENCRYPTION: Final = (
    *GCM,
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)

#: For the ciphers without a tag of their own (CTR): encrypt, then MAC; and the other way round, still with SHA-2, for
#: older hosts, and for clients by libssh2 before 1.11 (Debian 12's curl), which know CTR and no other.
MACS: Final = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)

#: The kind of the gateway's own host key.
HOST_KEY: Final = "ssh-ed25519"
#: Kinds of host keys that an upstream may show.
HOST_KEYS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
HOST_CERTIFICATES: Final = tuple(f"{kind}-cert-v01@openssh.com" for kind in HOST_KEYS)
