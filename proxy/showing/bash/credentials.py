"""How programs take a secret otherwise than by an option: variables, headers, URLs. Pure."""

import re
from collections.abc import Iterator, Sequence

from proxy.showing.bash.changes import Change
from proxy.showing.bash.options import LABELS, NO_SECRET


def assigned_values(words: Sequence[str]) -> Iterator[tuple[int, Change]]:
    """Values of variables that are named for a secret, as `env` and `sudo` take them: `env PGPASSWORD=… psql`."""
    for at, word in enumerate(words):
        name, sign, value = word.partition("=")
        if sign and value and name.isidentifier() and is_secret_name(name):
            yield at, Change(len(name) + 1, len(word))


def is_secret_name(variable: str) -> bool:
    """Whether a variable's name says that its value is a secret; short ones such as PWD do not."""
    return re.search(rf"(?i){LABELS}|_auth$", variable) is not None and not NO_SECRET.search(variable)


#: Headers whose value proves who sends, and says nothing else.
_CREDENTIAL = re.compile(
    r"(?i)(?:-H|--header=)?[ \t]*(?:proxy-authorization|authorization|cookie|private-token|x-api-key|x-auth-token"
    r"|x-vault-token|x-amz-security-token)[ \t]*:"
)


def is_credential_header(before: str, word: str) -> bool:
    """Whether a word of curl or wget is a header that proves who sends, by the word before it or its own option."""
    is_header = before in {"-H", "--header"} or word.startswith(("--header=", "-H"))
    return is_header and _CREDENTIAL.match(word) is not None


#: Variables by which a program takes a secret, and nothing else.
_VARIABLES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(r"(?:create|drop)(?:db|user)|(?:cluster|reindex|vacuum)db|pg_\w+|psql"), frozenset({"PGPASSWORD"})),
    (re.compile(r"mysql\w*|mariadb[\w-]*"), frozenset({"MYSQL_PWD"})),
    (re.compile(r"redis-cli"), frozenset({"REDISCLI_AUTH"})),
)
#: They read a URL with a password in it as that.
_READS_URLS = re.compile(r"curl|wget|git|psql|pg_\w+|mongo(?:dump|export)|redis-cli")
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@:?#]*:([^\s/@?#]+)@")


def takes_variable(name: str, variable: str) -> bool:
    """Whether a program takes a secret by this variable, and does nothing else with it."""
    return any(names.fullmatch(name) and variable in variables for names, variables in _VARIABLES)


def password_in_url(name: str, word: str) -> Change | None:
    """Where a password stands in a word that this program reads as a URL."""
    found = _PASSWORD_IN_URL.match(word) if _READS_URLS.fullmatch(name) else None
    return None if found is None else Change(*found.span(1))
