"""The fingerprint of the gateway's SSH host key, as `ssh` shows it when it asks whether to trust the host.

It is read from the public half that the gateway writes beside its key, each time it is shown: a bot may run before the
gateway made one. Where this process has no such file, nothing is claimed.
"""

import base64
import binascii
import hashlib
from pathlib import Path


def fingerprint(public_key_file: Path | None) -> str | None:
    """`SHA256:…` of the key in that file (OpenSSH's public format), without padding as ssh-keygen(1) -l; None: none."""
    if public_key_file is None:
        return None
    try:
        _, encoded, *_ = public_key_file.read_text(encoding="ascii").split()
        blob = base64.b64decode(encoded, validate=True)
    except (OSError, ValueError, binascii.Error):
        return None
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
