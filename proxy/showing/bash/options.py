"""Which options of which programs take a secret. Pure.

A table, because a word may be hidden only where it is known what its program does with it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proxy.showing.bash.changes import Change

#: What a name says that holds a secret.
LABELS = r"password|passwd|passphrase|[-_]pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?"
#: Options with such a name that take no secret as the next word.
_NO_VALUE = r"(?!.*(?:-stdin|-file|-path|-name|-id|-ttl|-fd)$)(?!--?(?:no|ask|prompt|use)-)"
#: `--password`, by itself: its value is the next word.
_NAMED_OPTION = re.compile(rf"(?i){_NO_VALUE}--?[\w-]*(?:{LABELS}|\bcvv2?|\bcvc2?)[\w-]*")
_NAMED_VALUE = re.compile(rf"(?i)(?:--?)?[\w.-]*(?:{LABELS}|\bcvv2?|\bcvc2?)[\w.-]*=(?=.)")

#: Programs that take the word behind such an option for its value, and `NAME=VALUE` for a setting.
_TAKES_NAMED = re.compile(
    r"az|curl|docker|gh|glab|gcloud|helm|kubectl|mongo\w*|nerdctl|npm|oc|podman|redis-cli|vault|wget"
)


@dataclass(frozen=True)
class Secrets:
    """How a program takes a secret by short options."""

    #: `-pVALUE`
    glued: str = ""
    #: `-p VALUE`, also at the end of a cluster.
    spaced: str = ""
    #: `-u name:VALUE`, after this separator; long options likewise.
    pairs: str = ""
    separator: str = ":"
    long_pairs: frozenset[str] = frozenset()
    #: Only behind this first word: `docker login -p`.
    command: str = ""
    #: `-k VALUE`, written so and not otherwise.
    exact: frozenset[str] = frozenset()


_TABLE: tuple[tuple[re.Pattern[str], Secrets], ...] = tuple(
    (re.compile(names), secrets)
    for names, secrets in (
        (r"mysql\w*|mariadb[\w-]*", Secrets(glued="p")),
        (r"7z[ar]?", Secrets(glued="p")),
        (r"sshpass", Secrets(glued="p", spaced="p")),
        (r"mongo\w*", Secrets(spaced="p")),
        (r"docker|podman|nerdctl|buildah|az|helm", Secrets(spaced="p", command="login")),
        (r"redis-cli", Secrets(spaced="a", exact=frozenset({"--pass"}))),
        (r"openssl", Secrets(exact=frozenset({"-k", "-K"}))),
        (r"user(?:add|mod)", Secrets(exact=frozenset({"-p"}))),
        (r"zip|unzip", Secrets(glued="P", spaced="P")),
        (r"ldap\w+", Secrets(glued="w", spaced="w")),
        (
            r"curl",
            Secrets(pairs="uU", long_pairs=frozenset({"--user", "--proxy-user"})),
        ),
        (r"smbclient|rpcclient|net", Secrets(pairs="U", separator="%", long_pairs=frozenset({"--user"}))),
    )
)


def secret_values(name: str, words: Sequence[str]) -> Iterator[tuple[int, Change]]:
    """Values of options that this program is known to take a secret by: the word's index, and what of it is hidden."""
    if name == "htpasswd":
        yield from _htpasswd(words)
    secrets = next((secrets for names, secrets in _TABLE if names.fullmatch(name)), None)
    if secrets is None or (secrets.command and _subcommand(words) != secrets.command):
        return
    for at, word in enumerate(words):
        follows = words[at + 1] if at + 1 < len(words) else None
        yield from _short(at, word, follows, secrets)
        yield from _pair(at, word, follows, secrets)
        if follows and word in secrets.exact:
            yield at + 1, Change(0, len(follows))


def _subcommand(words: Sequence[str]) -> str:
    return next((word for word in words if word[:1] != "-"), "")


def _short(at: int, word: str, follows: str | None, secrets: Secrets) -> Iterator[tuple[int, Change]]:
    if word[:1] != "-" or word[:2] == "--" or len(word) < 2:
        return
    if len(word) > 2 and word[1] in secrets.glued:
        yield at, Change(2, len(word))
    elif follows and word[-1] in secrets.spaced and word[1:].isalnum() and len(word) <= 5:
        yield at + 1, Change(0, len(follows))


def _pair(at: int, word: str, follows: str | None, secrets: Secrets) -> Iterator[tuple[int, Change]]:
    long, given, _ = word.partition("=")
    if given and long in secrets.long_pairs:
        yield from _second(at, word, len(long) + 1, secrets.separator)
    elif follows and (word in secrets.long_pairs or re.fullmatch(rf"-[a-zA-Z]*[{secrets.pairs or '-'}]", word)):
        yield from _second(at + 1, follows, 0, secrets.separator)
    elif secrets.pairs and re.match(rf"-[{secrets.pairs}].", word):
        yield from _second(at, word, 2, secrets.separator)


def _second(at: int, word: str, start: int, separator: str) -> Iterator[tuple[int, Change]]:
    where = word.find(separator, start)
    if 0 <= where < len(word) - 1:
        yield at, Change(where + 1, len(word))


def _htpasswd(words: Sequence[str]) -> Iterator[tuple[int, Change]]:
    """`htpasswd -b file name VALUE`, or `-nb name VALUE`."""
    options = [word for word in words if word[:1] == "-"]
    operands = [at for at, word in enumerate(words) if word[:1] != "-"]
    if any("b" in option for option in options) and len(operands) >= 2:
        yield operands[-1], Change(0, len(words[operands[-1]]))


def named_values(name: str, words: Sequence[str]) -> Iterator[tuple[int, Change, bool]]:
    """Values of options that are named for a secret, of a program that reads its words as options.

    The last of the three: whether it is certain that the value is the option's. A program that has no such option, or
    takes none of the words behind it, acts on that word.
    """
    takes = _TAKES_NAMED.fullmatch(name) is not None
    for at, word in enumerate(words):
        found = _NAMED_VALUE.match(word)
        if found:
            yield at, Change(found.end(), len(word)), takes or word.startswith("-")
        follows = words[at + 1] if at + 1 < len(words) else ""
        if follows and follows[:1] != "-" and _NAMED_OPTION.fullmatch(word):
            yield at + 1, Change(0, len(follows)), takes


def assigned_values(words: Sequence[str]) -> Iterator[tuple[int, Change]]:
    """Values of variables that are named for a secret, as `env` and `sudo` take them: `env PGPASSWORD=… psql`."""
    for at, word in enumerate(words):
        name, sign, value = word.partition("=")
        if sign and value and name.isidentifier() and is_secret_name(name):
            yield at, Change(len(name) + 1, len(word))


def is_secret_name(variable: str) -> bool:
    """Whether a variable's name says that its value is a secret; short ones such as PWD do not."""
    return re.search(rf"(?i){LABELS}", variable) is not None


def is_header(before: str, word: str) -> bool:
    """Whether a word of curl or wget is a header that it sends, by the word before it or its own option."""
    return before in {"-H", "--header"} or word.startswith(("--header=", "-H"))
