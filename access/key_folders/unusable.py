"""Why a key cannot be used, and the names of accounts as such sentences have them."""

import pwd


class KeyUnusable(Exception):
    """A key's file is missing, cannot be made, is in others' hands, or is no such key; the message names the file."""


def account(uid: int) -> str:
    """Its name, or its number where nobody here has it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
