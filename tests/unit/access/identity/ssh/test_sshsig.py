"""What ssh-keygen signs, and what it does not."""

import base64
import subprocess
from pathlib import Path

import pytest

from access.identity.ssh import sshsig
from access.identity.ssh.sshsig import InvalidSignature
from access.identity.ssh.wire import string

TEXT = b"gatepass-text"
KINDS = {"ed25519": [], "ecdsa": ["-b", "384"], "rsa": ["-b", "3072"]}


def key_in(folder: Path, kind: str) -> Path:
    path = folder / kind
    words = ["ssh-keygen", "-q", "-t", kind, *KINDS[kind], "-N", "", "-f", path]
    subprocess.run(words, check=True, capture_output=True)
    return path


def signed(path: Path, text: bytes = TEXT, namespace: str = "gatepass", *more: str) -> str:
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, *more, "-f", str(path)]
    return subprocess.run(words, input=text, check=True, capture_output=True).stdout.decode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [(), ("-O", "hashalg=sha256")])
def test_what_ssh_keygen_signs(tmp_path: Path, kind: str, more: tuple[str, ...]) -> None:
    path = key_in(tmp_path, kind)
    key, _ = sshsig.verify(signed(path, TEXT, "gatepass", *more), TEXT)
    line = path.with_suffix(".pub").read_text().split()
    assert base64.b64encode(key.blob).decode() == line[1]


def test_another_text_namespace_or_key(tmp_path: Path) -> None:
    path = key_in(tmp_path, "ed25519")
    with pytest.raises(InvalidSignature, match="not the signature of that text"):
        sshsig.verify(signed(path), b"another text")
    for namespace in ("file", "git", "gatepass2"):
        with pytest.raises(InvalidSignature, match="-n gatepass"):
            sshsig.verify(signed(path, TEXT, namespace), TEXT)
    (tmp_path / "other").mkdir()
    other = key_in(tmp_path / "other", "ed25519")
    ours, theirs = (base64.b64decode("".join(signed(each).split("\n")[1:-2])) for each in (path, other))
    mixed = ours[: len(ours) - 68] + theirs[-68:]
    with pytest.raises(InvalidSignature, match="not the signature"):
        sshsig.verify(armoured(mixed), TEXT)


def armoured(blob: bytes) -> str:
    return f"-----BEGIN SSH SIGNATURE-----\n{base64.b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"


def test_it_may_stand_between_spaces_and_line_ends(tmp_path: Path) -> None:
    pasted = "  \r\n" + signed(key_in(tmp_path, "ed25519")).replace("\n", "\r\n") + "\n\n"
    assert sshsig.verify(pasted, TEXT)[0].kind == "ssh-ed25519"


def test_short_keys_sign_nothing(tmp_path: Path) -> None:
    path = tmp_path / "short"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", path], check=True)
    with pytest.raises(InvalidSignature, match="3072"):
        sshsig.verify(signed(path), TEXT)


HEAD = b"SSHSIG" + (1).to_bytes(4)
KEY = string(string(b"ssh-ed25519") + string(bytes(32)))
REST = string(b"gatepass") + string(b"") + string(b"sha512") + string(string(b"ssh-ed25519") + string(bytes(64)))


@pytest.mark.parametrize(
    "armour",
    [
        "",
        "x",
        "-----BEGIN SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE----------END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n!!!\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n" + "A" * 9_000 + "\n-----END SSH SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----",
        armoured(b""),
        armoured(b"SSHSIH" + HEAD[6:] + KEY + REST),
        armoured(b"SSHSIG" + (2).to_bytes(4) + KEY + REST),
        armoured(HEAD + KEY + REST[:-1]),
        armoured(HEAD + KEY + REST + b"\x00"),
        armoured(HEAD + string(b"") + REST),
        armoured(HEAD + KEY + REST.replace(b"sha512", b"md5md5")),
        armoured(HEAD + KEY + REST),
        armoured(HEAD + b"\xff\xff\xff\xff"),
    ],
)
def test_what_is_no_signature(armour: str) -> None:
    with pytest.raises(InvalidSignature):
        sshsig.verify(armour, TEXT)
