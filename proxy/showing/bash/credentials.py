"""How programs take a secret otherwise than by an option: variables, headers, URLs. Pure."""

import re
from collections.abc import Iterator, Sequence

from proxy.showing.bash.changes import Change
from proxy.showing.bash.named import LABELS, NO_SECRET
from proxy.showing.bash.options import is_operand, is_option


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


#: `wget -H` takes no value.
_HEADER_OPTIONS = {"curl": frozenset({"-H", "--header"}), "wget": frozenset({"--header"})}


def is_credential_header(name: str, words: Sequence[str], at: int) -> bool:
    """Whether a word of curl or wget is a header that proves who sends: by the option before it, or its own."""
    if name not in _HEADER_OPTIONS or _CREDENTIAL.match(words[at]) is None:
        return False
    if at and words[at - 1] in _HEADER_OPTIONS[name]:
        return is_option(name, words, at - 1)
    own = ("-H", "--header=") if name == "curl" else ("--header=",)
    return words[at].startswith(own) and is_option(name, words, at)


#: Variables by which a program takes a secret, and nothing else.
_VARIABLES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(r"(?:create|drop)(?:db|user)|(?:cluster|reindex|vacuum)db|pg_\w+|psql"), frozenset({"PGPASSWORD"})),
    (re.compile(r"mysql\w*|mariadb[\w-]*"), frozenset({"MYSQL_PWD"})),
    (re.compile(r"redis-cli"), frozenset({"REDISCLI_AUTH"})),
)
_USER_INFO = r"[\w.~%+-]*:([\w.~!$&*+,=%-]+)@"
#: They read a URL with a password in it as that: of these schemes, and without what one of them reads as its end
#: (wget: `;`), as a pattern (curl: braces and brackets) or as nothing of a URL.
_READS_URLS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(names), re.compile(rf"(?:{schemes})://{_USER_INFO}"))
    for names, schemes in (
        (r"curl|wget", "https?|ftps?"),
        (r"git", "https?"),
        (r"psql|pg_dump|pg_isready", "postgres(?:ql)?"),
        (r"mongo(?:dump|export)", r"mongodb(?:\+srv)?"),
        (r"redis-cli", "rediss?"),
    )
)
#: Options whose value is such a URL.
_URL_OPTIONS = {
    "curl": frozenset({"-x", "--proxy"}),
    "psql": frozenset({"-d", "--dbname"}),
    "pg_dump": frozenset({"-d", "--dbname"}),
    "redis-cli": frozenset({"-u"}),
}
#: What git does with a URL is told by its subcommand.
_GIT_REMOTES = frozenset({"clone", "fetch", "ls-remote", "pull", "push", "remote"})
_GIT_PLAIN = frozenset({"-q", "-v", "--all", "--bare", "--mirror", "--prune", "--quiet", "--recursive", "--tags"})


def takes_variable(name: str, variable: str) -> bool:
    """Whether a program takes a secret by this variable, and does nothing else with it."""
    return any(names.fullmatch(name) and variable in variables for names, variables in _VARIABLES)


def password_in_url(name: str, words: Sequence[str], at: int) -> Change | None:
    """Where a password stands in a word that this program surely reads as a URL."""
    form = next((form for names, form in _READS_URLS if names.fullmatch(name)), None)
    found = None if form is None else form.match(words[at])
    return Change(*found.span(1)) if found is not None and _is_url(name, words, at) else None


def _is_url(name: str, words: Sequence[str], at: int) -> bool:
    before = words[at - 1] if at else ""
    if before in _URL_OPTIONS.get(name, ()):
        return is_option(name, words, at - 1)
    if name == "git":
        first = 2 if words[0] == "-C" else 0
        is_value = before[:1] == "-" and before not in _GIT_PLAIN and not (before[:2] == "--" and "=" in before)
        return not is_value and not _GIT_REMOTES.isdisjoint(words[first : first + 1])
    # An operand of redis-cli is a command's.
    return name != "redis-cli" and is_operand(name, words, at)
