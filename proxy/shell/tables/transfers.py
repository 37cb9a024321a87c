"""Programs that move files or bytes over their own standard input and output, by a protocol or a format. Pure.

Not a byte of such a stream may be changed: whoever reads it would get a damaged archive, or wait for ever. What only
works on the host (`tar xf release.tgz`, `git status`) is none. What is not known here and sends no text all the same
is told by its bytes.
"""

from collections.abc import Callable, Sequence

from proxy.shell.handed_on import Word
from proxy.shell.options import has_option, split_words

#: Whatever they are given.
_ALWAYS = split_words(
    """
    sftp-server git-upload-pack git-receive-pack git-upload-archive git-lfs-transfer git-lfs-authenticate git-shell
    git-annex-shell pax svnserve nc ncat netcat dropbear-sftp-server unison-server mbuffer
    """
)
_GIT = split_words("upload-pack receive-pack upload-archive archive bundle fast-export fast-import pack-objects")
#: Git's options before a subcommand that take the next word.
_GIT_VALUED = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--super-prefix"})
#: A word among theirs that makes them one end of a protocol.
_BY_WORD: dict[str, frozenset[str]] = {
    "rsync": frozenset({"--server"}),
    "borg": frozenset({"serve", "export-tar", "extract"}),
    "borgmatic": frozenset({"borg"}),
    "rclone": frozenset({"serve", "rcat", "cat"}),
    "restic": frozenset({"dump"}),
    "hg": frozenset({"serve"}),
    "bzr": frozenset({"serve"}),
    "brz": frozenset({"serve"}),
    "unison": frozenset({"-server"}),
    "rdiff-backup": frozenset({"server", "--server"}),
    "zfs": split_words("send receive recv"),
    "btrfs": split_words("send receive"),
    "docker": split_words("save load export import cp"),
    "podman": split_words("save load export import cp"),
    "xfsdump": frozenset({"-"}),
    "xfsrestore": frozenset({"-"}),
    "dump": frozenset({"-"}),
    "restore": frozenset({"-"}),
    "mutagen-agent": split_words("synchronizer forwarder"),
    "duplicity": frozenset({"server"}),
}
_TARS = split_words("tar bsdtar gtar star")
_TAR_VALUED = "fbCTXgKNV"
#: Names of an archive that is none; None: it is not said.
_STREAMS = frozenset({"-", "/dev/stdout", "/dev/stdin", None})


def transfers(name: str, words: Sequence[Word]) -> bool:
    """Whether `name words…` sends or takes a stream that is not for people to read. `name` is a basename.

    A word that only the running shell knows may be anything, and makes it one.
    """
    if name in _ALWAYS:
        return True
    if (by_word := _BY_WORD.get(name)) is not None:
        return None in words or not by_word.isdisjoint(words)
    reads = _READERS.get(name)
    return reads is not None and reads(words)


def _scp(words: Sequence[Word]) -> bool:
    """The far end of `scp -O`, which nobody types: source or sink."""
    return None in words or has_option(words, "ft", "")


def _git(words: Sequence[Word]) -> bool:
    at = 0
    while at < len(words) and (word := words[at]) is not None and word.startswith("-"):
        at += 2 if word in _GIT_VALUED else 1
    if at >= len(words):
        return False
    command, rest = words[at], words[at + 1 :]
    if command == "archive":
        return not has_option(rest, "o", "output") or None in rest
    if command == "bundle":
        return rest[:1] == ["create"] and (len(rest) < 2 or rest[1] in {"-", None})
    return command is None or command in _GIT


def _tar(words: Sequence[Word]) -> bool:
    """Without a file to work on, or with `-` for one, or where what it unpacks goes to standard output."""
    if not words:
        return False
    if None in words or has_option(words, "O", "to-stdout to-command"):
        return True
    if words[0] and words[0][0] != "-" and "O" in words[0]:
        return True
    named = _archives(words)
    return not named or any(value in _STREAMS for value in named)


def _archives(words: Sequence[Word]) -> list[Word]:
    """What tar is given by -f, in each of its spellings; None where the value is missing."""
    named: list[Word] = []
    letters, *rest = words
    if letters and not letters.startswith("-"):
        # The old form: letters without a dash, whose values follow in their order.
        values = iter(rest)
        taken = {letter: next(values, None) for letter in letters if letter in _TAR_VALUED}
        named += [taken["f"]] if "f" in taken else []
    for word, following in zip(words, [*rest, None], strict=True):
        if word and word.startswith("--file"):
            named.append(word.partition("=")[2] or following)
        elif word and word.startswith("-") and not word.startswith("--") and "f" in word:
            named.append(word.partition("f")[2] or following)
    return named


def _cpio(words: Sequence[Word]) -> bool:
    return None in words or not has_option(words, "FOI", "file")


def _dd(words: Sequence[Word]) -> bool:
    """`dd if=/dev/sda` alone prints it; `dd of=…` alone takes what is sent."""
    given = {word.partition("=")[0] for word in words if word is not None}
    return bool(words) and (None in words or not {"if", "of"} <= given)


_READERS: dict[str, Callable[[Sequence[Word]], bool]] = {
    "scp": _scp,
    "git": _git,
    "cpio": _cpio,
    "dd": _dd,
    **dict.fromkeys(_TARS, _tar),
}
