"""Which options of which programs take a secret. Pure.

A table, because a word may be hidden only where it is known what its program does with it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proxy.shell.options import split_words
from proxy.showing.bash.changes import Change


@dataclass(frozen=True)
class Secrets:
    """How a program takes a secret by its options."""

    #: `-pVALUE`
    glued: str = ""
    #: `-p VALUE`, also at the end of a cluster of plain options.
    spaced: str = ""
    #: `-u name:VALUE`, after this separator; long options likewise.
    pairs: str = ""
    separator: str = ":"
    long_pairs: frozenset[str] = frozenset()
    #: Only behind this first word: `docker login -p`.
    command: str = ""
    #: No option stands behind the first operand (getopt of POSIX, redis-cli): there every word is an operand.
    stops: bool = False
    #: `-k VALUE`, written so and not otherwise.
    exact: frozenset[str] = frozenset()
    #: `--password=VALUE`, and those that also take the next word.
    long_glued: frozenset[str] = frozenset()
    long_spaced: frozenset[str] = frozenset()
    #: Options that take no value, and those that take the rest of their word for it: behind any other one a word may be
    #: that one's value, whatever it looks like.
    plain: str = ""
    valued: str = ""
    long_plain: frozenset[str] = frozenset()
    #: Options whose value is the next word, of programs that do not read them as clusters.
    long_valued: frozenset[str] = frozenset()


def _secrets(
    *,
    long: str = "",
    long_glued: str = "",
    long_pairs: str = "",
    long_plain: str = "",
    long_valued: str = "",
    exact: str = "",
    stops: bool = False,
    **short: str,
) -> Secrets:
    return Secrets(
        stops=stops,
        long_valued=split_words(long_valued),
        long_glued=split_words(long) | split_words(long_glued),
        long_spaced=split_words(long),
        long_pairs=split_words(long_pairs),
        long_plain=split_words(long_plain),
        exact=split_words(exact),
        **short,
    )


_TABLE: tuple[tuple[re.Pattern[str], Secrets], ...] = tuple(
    (re.compile(names), secrets)
    for names, secrets in (
        # Behind `--password` alone the next word is a database.
        (
            r"mysql|mariadb",
            _secrets(glued="p", long_glued="--password", plain="ABCEGHLNXfnqrstv", valued="DPSehu"),
        ),
        (
            r"mysqldump|mariadb-dump",
            _secrets(glued="p", long_glued="--password", plain="ABCEFNQRXYcdeflnqtvxy", valued="PSThruw"),
        ),
        (r"mysql\w*|mariadb-[\w-]*", _secrets(glued="p", long_glued="--password", plain="v", valued="PShu")),
        (r"7z[ar]?", _secrets(glued="p")),
        (r"sshpass", _secrets(glued="p", spaced="p", plain="v")),
        (r"mongo\w*", _secrets(spaced="p", long="--password", plain="v")),
        (
            r"docker|podman|nerdctl|buildah|az|helm",
            _secrets(spaced="p", long="--password", command="login"),
        ),
        (
            r"kubectl|oc",
            _secrets(
                long="--token --password",
                plain="Aw",
                long_plain="--all --all-namespaces --force --no-headers --overwrite --show-labels --watch",
            ),
        ),
        (
            r"redis-cli",
            _secrets(
                exact="-a --pass",
                long_plain="-3 -c --tls --insecure --raw --no-raw --csv --json --no-auth-warning",
                long_valued="-h -p -s -u -n -r -i --user --cacert --cert --key --sni",
                stops=True,
            ),
        ),
        (
            r"openssl",
            _secrets(
                exact="-k -K",
                plain="adeP",
                long_plain=(
                    "-salt -nosalt -pbkdf2 -base64 -nopad -aes128 -aes192 -aes256 -des3 -aes-128-cbc -aes-192-cbc"
                    " -aes-256-cbc -aes-128-ctr -aes-256-ctr -aes-256-ecb -chacha20"
                ),
                command="enc",
            ),
        ),
        (r"useradd", _secrets(exact="-p", plain="mMrNUol")),
        # Here -l takes the new name.
        (r"usermod", _secrets(exact="-p", plain="mUoaL")),
        (r"zip|unzip", _secrets(glued="P", spaced="P", plain="0123456789Djmoqruvy")),
        (r"ldap\w+", _secrets(glued="w", spaced="w", plain="ALMQWZcntvx", valued="DHbhlpsz", stops=True)),
        (
            r"curl",
            _secrets(
                pairs="uU",
                long_pairs="--user --proxy-user",
                long="--oauth2-bearer --pass --proxy-pass --tlspassword --proxy-tlspassword",
                plain="#012346GILMNOSafgijklnpqsv",
                valued="ACDEFHTXYbcdemortwxyz",
                long_plain=(
                    "--anyauth --basic --compressed --digest --fail --fail-with-body --get --head --include --insecure"
                    " --http1.1 --http2 --ipv4 --ipv6 --location --negotiate --no-progress-meter --ntlm --remote-name"
                    " --show-error --silent --verbose"
                ),
            ),
        ),
        (
            r"wget",
            _secrets(
                long="--password --http-password --ftp-password --proxy-password",
                plain="Fbcdpqrvx",
                long_plain="--quiet --no-check-certificate --no-verbose --continue",
            ),
        ),
        (r"psql", _secrets(plain="01AEHSWXabelnqstwxz", valued="FLPRTUcdfhopv")),
        (r"pg_dump", _secrets(plain="BCOWabcsvwx", valued="EFNSTUZdefhjnpt")),
        (r"smbclient|rpcclient|net", _secrets(pairs="U", separator="%", long_pairs="--user", plain="N")),
    )
)
_NONE = Secrets()
#: Options before the subcommand, which take the next word as their value, and which do not.
_BEFORE_COMMAND = split_words(
    "-H --host -c --context --config -l --log-level --tlscacert --tlscert --tlskey --url --connection --identity"
    " -n --namespace -a --address"
)
_PLAIN_BEFORE_COMMAND = split_words("-D --debug --tls --tlsverify -r --remote")
_CLUSTER = re.compile(r"-[0-9A-Za-z#]{1,8}")


def subcommand(words: Sequence[str]) -> tuple[str, ...]:
    """The first word that is no option, nor the value of one, and the one behind it; nothing where nobody can tell."""
    at = 0
    while at < len(words) and words[at][:1] == "-":
        if words[at] in _BEFORE_COMMAND:
            at += 2
        elif words[at] in _PLAIN_BEFORE_COMMAND or (words[at][:2] == "--" and "=" in words[at]):
            at += 1
        else:
            return ()
    return tuple(words[at : at + 2])


def _of(name: str, words: Sequence[str]) -> Secrets:
    secrets = next((secrets for names, secrets in _TABLE if names.fullmatch(name)), _NONE)
    return _NONE if secrets.command and subcommand(words)[:1] != (secrets.command,) else secrets


def is_option(name: str, words: Sequence[str], at: int) -> bool:
    """Whether a program surely reads a word with a dash as an option: not as an operand, nor as another one's value."""
    secrets = _of(name, words)
    return at < _end(words, secrets) and not (at and _may_take(words[at - 1], secrets))


def is_operand(name: str, words: Sequence[str], at: int) -> bool:
    """Whether a word is surely no value of the option before it."""
    return not (at and words[at - 1] != "--" and _may_take(words[at - 1], _of(name, words)))


def secret_values(name: str, words: Sequence[str]) -> Iterator[tuple[int, Change, bool]]:
    """Values of options by which this program is known to take a secret: the word's index, and what of it is hidden.

    The last of the three says whether it is certain that the word is read so: it may be the value of the option before.
    """
    if name == "htpasswd":
        yield from _htpasswd(words)
    if name in {"mysqladmin", "mariadb-admin"}:
        # The new one stands behind the command, which may be an option's value.
        commands = [at for at, word in enumerate(words[:-1]) if word in {"password", "old-password"}]
        yield from ((at + 1, Change(0, len(words[at + 1])), False) for at in commands if words[at + 1])
    secrets = _of(name, words)
    if secrets is _NONE:
        return
    end = _end(words, secrets)
    for at, word in enumerate(words):
        if word[:1] == "-" and len(word) > 1:
            certain = at < end and not (at and _may_take(words[at - 1], secrets))
            for where, change, plain in _option(at, word, words[at + 1] if at + 1 < len(words) else "", secrets):
                yield where, change, plain and certain


def _end(words: Sequence[str], secrets: Secrets) -> int:
    """Where the options end, as far as that is known: behind `--`, and where the program stops at the first operand."""
    at = 0
    while at < len(words) and words[at] != "--":
        width = _width(words[at], secrets) if secrets.stops else 1
        if not width:
            break
        at += width
    return at


def _width(word: str, secrets: Secrets) -> int:
    """How many words an option takes with its value; 0: it is none, or not known."""
    if word in secrets.long_plain:
        return 1
    if word in secrets.exact | secrets.long_valued:
        return 2
    rest = word[1:].lstrip(secrets.plain) if word[:1] == "-" and word[:2] != "--" else word
    if not rest:
        return 1
    if rest == word or rest[0] not in secrets.valued + secrets.glued + secrets.spaced:
        return 0
    return 1 if len(rest) > 1 else 2


def _option(at: int, word: str, follows: str, secrets: Secrets) -> Iterator[tuple[int, Change, bool]]:
    long, given, value = word.partition("=")
    if word in secrets.exact | secrets.long_spaced and follows:
        yield at + 1, Change(0, len(follows)), True
    elif given and value and long in secrets.long_glued:
        yield at, Change(len(long) + 1, len(word)), True
    elif given and long in secrets.long_pairs:
        yield from _second(at, word, len(long) + 1, secrets.separator, certain=True)
    elif word in secrets.long_pairs:
        yield from _second(at + 1, follows, 0, secrets.separator, certain=True)
    elif word[1] in secrets.glued and len(word) > 2:
        yield at, Change(2, len(word)), True
    elif word[1] in secrets.pairs and len(word) > 2:
        yield from _second(at, word, 2, secrets.separator, certain=True)
    elif follows and _CLUSTER.fullmatch(word):
        plain = set(word[1:-1]) <= set(secrets.plain)
        if word[-1] in secrets.spaced:
            yield at + 1, Change(0, len(follows)), plain
        elif word[-1] in secrets.pairs:
            yield from _second(at + 1, follows, 0, secrets.separator, certain=plain)


def _may_take(before: str, secrets: Secrets) -> bool:
    """Whether the word before may be an option that takes the next word as its value."""
    if before[:1] != "-" or before in secrets.long_plain or (before[:2] == "--" and "=" in before):
        return False
    if before[:2] == "--":
        return True
    rest = before[1:].lstrip(secrets.plain)
    return bool(rest) and not (len(rest) > 1 and rest[0] in secrets.valued + secrets.glued + secrets.pairs)


def _second(at: int, word: str, start: int, separator: str, *, certain: bool) -> Iterator[tuple[int, Change, bool]]:
    where = word.find(separator, start)
    if 0 <= where < len(word) - 1:
        yield at, Change(where + 1, len(word)), certain


def _htpasswd(words: Sequence[str]) -> Iterator[tuple[int, Change, bool]]:
    """`htpasswd -b file name VALUE`, or `-nb name VALUE`: its options end at the first operand."""
    first = next((at for at, word in enumerate(words) if word[:1] != "-"), len(words))
    letters = "".join(word[1:] for word in words[:first])
    operands = len(words) - first
    if "b" in letters and operands >= 2:
        # -p writes the value as it stands, to a file that may be run.
        certain = set(letters) <= set("25Bbcdimnsv") and operands == (2 if "n" in letters else 3)
        yield len(words) - 1, Change(0, len(words[-1])), certain
