"""Where a browser may be sent after a sign-in: pages of ours, and no other site. Pure."""

from typing import Final

HOME: Final = "/"
MAX_CHARS: Final = 512
#: What an address of ours has in it: browsers take a backslash for a slash, and drop tabs and line ends.
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/?=&%:+,@")


def is_ours(path: str) -> bool:
    """Whether it is a path of this site, and could not be read as an address of another one."""
    return path.startswith("/") and not path.startswith("//") and len(path) <= MAX_CHARS and _PLAIN.issuperset(path)
