"""Programs that run or write what their arguments say, as far as the arguments tell. Pure.

`wrappers` finds commands that can be read as commands. Here are the programs with a language of their own (awk, sed,
git, an editor): what is plainly harmless gives nothing, everything else is said to be unknown. It does not analyse
the programs that files on the host contain.
"""

import re
from collections.abc import Sequence

from proxy.shell.wrappers import Word

#: They are made to run what they are given, by file, keyboard or argument.
_OPEN = frozenset(
    [
        "at",
        "batch",
        "make",
        "gmake",
        "cmake",
        "ninja",
        "vi",
        "vim",
        "view",
        "vimdiff",
        "gvim",
        "nvim",
        "ex",
        "ed",
        "emacs",
        "emacsclient",
        "nano",
        "pico",
        "joe",
        "less",
        "more",
        "most",
        "man",
        "info",
        "gdb",
        "lldb",
        "expect",
        "socat",
        "ansible",
        "ansible-playbook",
        "irb",
        "ghci",
        "npx",
        "npm",
        "pip",
        "pip3",
        "gem",
        "go",
        "cargo",
        "mysql",
        "sqlite3",
        "ftp",
        "lftp",
        "run-parts",
        "start-stop-daemon",
        "visudo",
        "vipw",
        "sudoedit",
        "fc",
        "bind",
        "let",
        "compgen",
        "complete",
        "compopt",
    ]
)
#: `NAME file` runs a file of the host like any other script; every other way gives them a program.
_INTERPRETERS = re.compile(r"(?:python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|Rscript|R|guile|bun|deno)[\d.]*")
_AWKS = frozenset({"awk", "gawk", "mawk", "nawk", "original-awk"})
_ASKS_ONLY = frozenset({"--version", "--help", "-V"})
#: What makes them run something: short letters, long names (which may be abbreviated).
_RUNS: dict[str, tuple[str, str]] = {
    "tar": ("IF", "checkpoint-action to-command use-compress-program info-script new-volume-script rsh-command"),
    "rsync": ("e", "rsh rsync-path"),
    "scp": ("oSFD", ""),
    "sftp": ("oSFDsb", ""),
    "split": ("", "filter"),
    "sort": ("", "compress-program"),
    "zip": ("T", "unzip-command"),
    "tcpdump": ("z", "postrotate-command"),
    "nc": ("ec", "exec sh-exec lua-exec"),
    "ncat": ("ec", "exec sh-exec lua-exec"),
    "curl": ("K", "config"),
    "wget": ("e", "execute use-askpass config"),
    "apt": ("oc", "option config-file"),
    "apt-get": ("oc", "option config-file"),
    "nmap": ("", "script interactive"),
    "ssh-keygen": ("D", ""),
    "ssh-add": ("s", ""),
    "rg": ("", "pre hostname-bin"),
    "fd": ("xX", "exec exec-batch"),
    "psql": ("fov", "file output set variable"),
}
#: Words that make them run something, wherever they stand.
_RUNS_BY_WORD: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("docker", "podman", "nerdctl", "kubectl", "oc", "lxc"),
        frozenset(
            [
                "exec",
                "run",
                "debug",
                "compose",
                "attach",
                "edit",
                "build",
                "buildx",
                "create",
                "cp",
                "shell",
                "rsh",
                "plugin",
                "machine",
            ]
        ),
    ),
    "ip": frozenset({"exec", "-b", "-batch", "-force"}),
    "systemctl": frozenset({"edit", "-H", "--host"}),
}
#: They write the files that they are given.
_WRITERS = frozenset(["tee", "cp", "mv", "install", "truncate", "ln", "wget", "rsync", "scp"])
_WRITES: dict[str, tuple[str, str]] = {"sort": ("o", "output"), "curl": ("oOJ", "output remote-name")}
_FIND_WRITES = frozenset({"-delete", "-fprint", "-fprint0", "-fprintf", "-fls"})
_GIT_RUNS = frozenset(
    [
        "bisect",
        "submodule",
        "filter-branch",
        "difftool",
        "mergetool",
        "rebase",
        "daemon",
        "instaweb",
        "send-email",
        "shell",
        "upload-pack",
        "hook",
        "maintenance",
        "receive-pack",
        "for-each-repo",
        "gui",
        "citool",
        "credential",
        "p4",
        "svn",
        "remote-ext",
    ]
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


def runs_unseen(name: str, words: Sequence[Word]) -> bool:
    """Whether `name words…` may run what no reader of the line would call a command. `name` is a basename."""
    if words and all(word in _ASKS_ONLY for word in words):
        return False
    if name in _OPEN:
        return True
    if _INTERPRETERS.fullmatch(name):
        return not words or words[0] is None or words[0].startswith(("-", "/dev/", "/proc/"))
    if name in _RUNS:
        letters, long = _RUNS[name]
        # Before the first dash, tar's letters may stand without it.
        bare = name == "tar" and bool(words) and bool(words[0]) and not set(letters).isdisjoint(words[0].split("-")[0])
        sql = name == "psql" and any(word is not None and "\\" in word for word in words)
        return bare or sql or None in words or _has_option(words, letters, long)
    if name in _RUNS_BY_WORD:
        return (name != "systemctl" and None in words) or not _RUNS_BY_WORD[name].isdisjoint(words)
    match name:
        case "sed":
            return not _plain_sed(words)
        case "git":
            return _git_runs(words)
        case "crontab":
            return "-l" not in words or len(words) > 1
        case "tmux" | "screen":
            return list(words) not in (["ls"], ["-ls"], ["-list"], ["list-sessions"])
        case _:
            return name in _AWKS and not _plain_awk(words)


def writes(name: str, words: Sequence[Word]) -> bool:
    """Whether `name words…` writes, replaces or deletes files that its arguments name."""
    if name in _WRITERS:
        return bool(words)
    match name:
        case "dd":
            return any(word is None or word.startswith("of=") for word in words)
        case "find":
            return not _FIND_WRITES.isdisjoint(words)
        case "sed":
            return _has_option(words, "i", "in-place")
        case _:
            letters, long = _WRITES.get(name, ("", ""))
            return _has_option(words, letters, long)


def _has_option(words: Sequence[Word], letters: str, long: str) -> bool:
    for word in words:
        if word is None or len(word) < 2 or word[0] != "-":
            continue
        if word.startswith("--"):
            given = word[2:].partition("=")[0]
            if given and any(name.startswith(given) for name in long.split()):
                return True
        elif not set(letters).isdisjoint(word[1:]):
            return True
    return False


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
    if command[0] in _GIT_RUNS or any(word is not None and word.startswith("ext::") for word in rest):
        return True
    short = {"grep": "O", "clone": "uc"}.get(str(command[0]), "")
    return _has_option(rest, short, "upload-pack receive-pack exec open-files-in-pager ext-diff config template")
