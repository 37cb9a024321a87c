"""A marked block in a file that belongs to somebody: put there, replaced, taken out; the rest stays as it is. Pure."""

from client.errors import FILES, Failed


def put(text: str, origin: str, lines: list[str], *, first: bool) -> str:
    """`text` with the block of `origin`, in place of the one it had; at its beginning, or at its end. Raises Failed."""
    rest = without(text, origin)
    block = "\n".join([_begin(origin), *lines, _end(origin)]) + "\n"
    if first:
        return block + ("\n" + rest if rest else "")
    return (rest + ("" if not rest or rest.endswith("\n") else "\n")) + ("\n" if rest else "") + block


def without(text: str, origin: str) -> str:
    """`text` without the block of `origin`. Raises Failed for one that does not end."""
    begin, end = _begin(origin), _end(origin)
    lines = text.split("\n")
    if lines.count(begin) != lines.count(end) or lines.count(begin) > 1:
        raise Failed(
            f"The block of gatepass does not end where it should. Mend it by hand: {begin!r} … {end!r}.", FILES
        )
    if begin not in lines:
        return text
    start, stop = lines.index(begin), lines.index(end)
    if stop < start:
        raise Failed(f"The block of gatepass is upside down. Mend it by hand: {begin!r} … {end!r}.", FILES)
    before, after = lines[:start], lines[stop + 1 :]
    # The empty line that was put between the block and the rest.
    if before and before[-1] == "":
        before = before[:-1]
    elif not before and len(after) > 1 and after[0] == "":
        after = after[1:]
    return "\n".join([*before, *after])


def _begin(origin: str) -> str:
    return f"# >>> gatepass {origin} (written by `gatepass config`; --remove takes it out)"


def _end(origin: str) -> str:
    return f"# <<< gatepass {origin}"
