"""Programs with a language of their own: awk, sed, git, clients of databases; what is plain in it runs nothing. Pure.

It reads as much of each language as is needed to say that a text runs no other program; everything else may.
"""

import re
from collections.abc import Callable, Sequence

from proxy.shell.handed_on import Word
from proxy.shell.options import has_option, split_words

_AWKS = frozenset({"awk", "gawk", "mawk", "nawk", "original-awk"})
#: An alias in a configuration may stand for any other word.
_GIT_HARMLESS = split_words(
    """
    add annotate apply archive blame branch bundle cat-file check-ignore checkout cherry cherry-pick clean clone
    commit config count-objects describe diff diff-tree fetch for-each-ref format-patch fsck gc grep init log
    ls-files ls-remote ls-tree merge merge-base mv name-rev notes prune pull push range-diff reflog remote reset
    restore rev-list rev-parse revert rm shortlog show show-ref sparse-checkout stash status switch symbolic-ref
    tag update-index upload-archive upload-pack receive-pack var verify-commit version whatchanged worktree write-tree
    """
)
_GIT_READS_CONFIG = frozenset({"--get", "--get-all", "--list", "-l", "list", "get"})
# One command of sed that neither runs nor writes; `s` and `y` with their delimiter.
_SED_ADDRESS = r"(?:\d+|\$|/(?:\\.|[^/\\\n])*/I?)"
_SED_PLAIN = re.compile(
    rf"\s*(?:{_SED_ADDRESS}(?:\s*,\s*{_SED_ADDRESS})?)?\s*!?\s*"
    r"(?:s([^\w\s\\;])(?:\\.|(?!\1)[^\\\n])*\1(?:\\.|(?!\1)[^\\\n])*\1[gpiIM0-9]*"
    r"|y([^\w\s\\;])(?:\\.|(?!\2)[^\\\n])*\2(?:\\.|(?!\2)[^\\\n])*\2|[pdqQ=nNDGHhgxlP]\d*)?\s*"
)
_AWK_RUNS = re.compile(r"system|getline|[|@>]")


#: Clients of databases that have commands of their own, and the options by which SQL alone is given to them.
_GIVES_SQL = {
    "psql": re.compile(r"-[AtqXxnwWz1be]*c.*|--command(?:=.*)?|-l|--list", re.DOTALL),
    "mysql": re.compile(r"-[ABNstrvfq]*e.*|--execute(?:=.*)?", re.DOTALL),
}
_CLIENT_RUNS = {
    "psql": ("fov", "file output set variable log-file"),
    "mysql": ("", "pager tee init-command plugin-dir default-auth"),
}
_CLIENT_COMMAND = re.compile(r"\\|\b(?:system|source|pager|tee|edit|program)\b", re.IGNORECASE)


def _client_runs(name: str, words: Sequence[Word]) -> bool:
    """Whether a database's client reads its commands from elsewhere, or one that is no SQL."""
    if None in words or not any(_GIVES_SQL[name].fullmatch(str(word)) for word in words):
        return True
    letters, long = _CLIENT_RUNS[name]
    return has_option(words, letters, long) or any(_CLIENT_COMMAND.search(str(word)) for word in words)


def _plain_awk(words: Sequence[Word]) -> bool:
    at = 0
    while at < len(words):
        word = words[at]
        if word is None:
            return False
        if not word.startswith("-"):
            return not _AWK_RUNS.search(word)
        if word[:2] not in {"-F", "-v"}:
            return False
        at += 2 if len(word) == 2 else 1
    return False


def _plain_sed(words: Sequence[Word]) -> bool:
    scripts: list[Word] = []
    operands: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word is None and not (scripts or operands):
            return False
        if word is None or not word.startswith("-") or word == "-":
            operands.append(word)
        elif re.fullmatch(
            r"-[nErzsu]*i\S*|-[nErzsu]+|--in-place(=.*)?|--quiet|--silent|--regexp-extended|--null-data", word
        ):
            continue
        elif re.fullmatch(r"-[nErzsu]*e|--expression", word) and at < len(words):
            scripts.append(words[at])
            at += 1
        else:
            return False
    scripts = scripts or operands[:1]
    return bool(scripts) and all(script is not None and _plain_script(script) for script in scripts)


def _plain_script(script: str) -> bool:
    at = 0
    while found := _SED_PLAIN.match(script, at):
        at = found.end()
        if at == len(script):
            return True
        if script[at] not in ";\n":
            return False
        at += 1
    return False


def _git_runs(words: Sequence[Word]) -> bool:
    at = 0
    while at < len(words):
        word = words[at]
        if word is None:
            return True
        if not word.startswith("-"):
            break
        if word.startswith(("-c", "--config-env", "--exec-path=")):
            return True
        at += 2 if word in {"-C", "--git-dir", "--work-tree", "--namespace"} else 1
    command, rest = words[at : at + 1], words[at + 1 :]
    if not command:
        return False
    if command[0] == "config":
        return _GIT_READS_CONFIG.isdisjoint(rest)
    if command[0] not in _GIT_HARMLESS or any(word is not None and "ext::" in word for word in rest):
        return True
    # What is computed may be an option, unless `--` stands before it.
    if None in rest[: rest.index("--") if "--" in rest else len(rest)]:
        return True
    short = {"grep": "O", "clone": "uc"}.get(str(command[0]), "")
    return has_option(rest, short, "upload-pack receive-pack exec open-files-in-pager ext-diff config template")


#: By name: whether words make the program run what no reader of the line would call a command.
LANGUAGES: dict[str, Callable[[Sequence[Word]], bool]] = {
    "sed": lambda words: not _plain_sed(words),
    "git": _git_runs,
    **{name: lambda words: not _plain_awk(words) for name in _AWKS},
    "psql": lambda words: _client_runs("psql", words),
    "mysql": lambda words: _client_runs("mysql", words),
    "mariadb": lambda words: _client_runs("mysql", words),
}
