"""Whether anything in a script might read what is hidden of it and act on that. Pure.

A running shell tells what it was given: by variables, by /proc, to every child by its environment. So beside a secret
only that may stand which is listed here: words that are plain, commands that act on their words alone, filters of a
pipe, and clients that take a secret. Whatever else there is, in bash and on a host, might overhear.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from tree_sitter import Node

from proxy.shell.commands import Command, command_words, commands
from proxy.shell.handed_on import Word
from proxy.shell.options import has_option, split_words
from proxy.shell.wrappers import SHELLS
from proxy.showing.bash.credentials import is_secret_name
from proxy.syntax.bash import nodes, source

#: Lists, pipelines, words without expansions, redirections and documents.
_GRAMMAR = split_words(
    """
    program list pipeline command command_name redirected_statement negated_command subshell compound_statement
    variable_assignment variable_name file_redirect file_descriptor heredoc_redirect heredoc_start heredoc_body
    heredoc_content heredoc_end herestring_redirect comment word number raw_string string string_content ansi_c_string
    translated_string concatenation
    """
)
#: Variables of the session, which say nothing of the line.
_SESSION = re.compile(r"\$\{?(?:HOME|HOSTNAME|LOGNAME|PWD|TMPDIR|UID|USER)\}?")

#: They act on what their words say, and on nothing that a file, their input or the environment says.
_BY_WORDS = split_words(
    """
    : basename cd chattr chgrp chmod chown createdb createuser df dirname dropdb dropuser du echo exit false groupadd
    groupdel groups halt hostname id kdestroy kill killall klist ln logger loginctl ls lsblk mkdir mkfifo mktemp nproc
    pidof pkill popd poweroff printf pushd pwd readlink realpath reboot rm rmdir service shutdown sleep stat
    swapoff swapon sync systemctl touch true truncate umask uname uptime userdel wait who whoami
    """
)
#: Of these, what reads its input all the same.
_READS_INPUT = split_words("logger service systemctl")
#: What systemctl does without it.
_UNITS = split_words(
    "start stop restart reload try-restart reload-or-restart status is-active is-failed is-enabled enable disable mask"
    " unmask daemon-reload list-units list-timers show"
)
#: Variables that say nothing of how a program reads its words, nor what it loads or runs.
_VARIABLE = re.compile(
    r"PG(?:HOST|HOSTADDR|PORT|USER|DATABASE|PASSWORD|SSLMODE|SSLROOTCERT|SSLCERT|SSLKEY|APPNAME|OPTIONS|TZ"
    r"|CONNECT_TIMEOUT|CLIENTENCODING|PASSFILE|SERVICE)|MYSQL_(?:PWD|HOST|TCP_PORT)|REDISCLI_AUTH|LANG|LANGUAGE|LC_[A-Z]+"
    r"|TZ|TERM|COLUMNS|LINES|NO_COLOR|DEBIAN_FRONTEND|(?:https?|ftp|no|all)_proxy|(?:HTTPS?|FTP|NO|ALL)_PROXY"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
#: They pass on, count or pack what comes by a pipe, if they are given options only.
_FILTERS = split_words("bzip2 cat gzip head lz4 pigz sort tac tail uniq wc xz zstd")
#: Options that neither name a file nor read names of files from the pipe (`xz --files`, `sort -of`).
_FILTER_WORD = re.compile(
    r"-[A-CE-Za-np-z0-9]+|-|--(?:best|bytes|chars|count|decompress|fast|human-numeric-sort|ignore-case|keep|lines|number"
    r"|numeric-sort|quiet|repeated|reverse|stdout|stable|uncompress|unique|version-sort|words|zero-terminated)(?:=\d+)?"
)
_NUMBERED = re.compile(r"-[A-Za-z]*[cknT]|--(?:bytes|lines)")
#: They run the command behind them as it stands.
_PASSES = split_words("env ionice nice nohup setsid sshpass stdbuf sudo time timeout")
#: They take a secret by an option, a variable, a URL or their input, and act on nothing else that they could overhear:
#: options that let them (short, long) are refused.
_CLIENTS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        split_words(
            """
            chpasswd clusterdb createdb createuser cryptsetup docker dropdb dropuser git htpasswd kinit kubectl
            ldapwhoami mongodump mongoexport nerdctl oc openssl passwd pg_dump pg_dumpall pg_isready podman reindexdb
            useradd usermod vacuumdb zip
            """
        ),
        ("", ""),
    ),
    **dict.fromkeys(split_words("ldapadd ldapdelete ldapmodify ldapsearch"), ("f", "")),
    **dict.fromkeys(
        split_words("mariadb mariadb-dump mysql mysqladmin mysqldump"),
        ("", "defaults-file defaults-extra-file"),
    ),
    "curl": ("K", "config url"),
    "psql": ("fov", "file output set variable log-file"),
    "wget": ("ie", "input-file execute config"),
}
#: It runs scripts and reads commands, so its options are listed.
_REDIS = re.compile(
    r"-[hpsanucri3]|--(?:user|pass|tls|raw|no-raw|csv|json|no-auth-warning|cacert|cert|key|sni|insecure)|(?!-).*"
)
#: Files in which the kernel tells of processes, by their names; devices that are none.
_KERNEL = re.compile(r"(?:^|/)proc(?:/|$)|/dev/(?!null$|stdout$|stderr$)|^file:", re.IGNORECASE)
_GLOBS = re.compile(r"[*?\[{(]")


def overhears(root: Node) -> bool:
    """Whether a script has anything that is not proven deaf to what is hidden of it."""
    return any(not _is_deaf(node) for node in nodes(root) if node.is_named)


def _is_deaf(node: Node) -> bool:
    match node.type:
        case "command":
            words = command_words(node)
            return bool(words) and all(_acts_on_words(command) for command in commands(words))
        case "file_redirect":
            # What a file gives may be what /proc says of the shell.
            return not any("<" in child.type for child in node.children if not child.is_named)
        case "variable_assignment":
            return _sets_plain(source(node))
        case "simple_expansion" | "expansion":
            return _SESSION.fullmatch(source(node)) is not None
        case "variable_name" if node.parent is not None and node.parent.type in {"simple_expansion", "expansion"}:
            return True
        case _:
            return node.type in _GRAMMAR


def acts_by_words(command: Command) -> bool:
    """Whether a command acts on its words alone, whatever its input says."""
    if command.basename == "systemctl" and command.words[:1] and command.words[0] in _UNITS:
        return True
    return command.basename in _BY_WORDS - _READS_INPUT


def is_filter(command: Command) -> bool:
    """Whether a command passes on what it reads from a pipe, and opens nothing."""
    words = command.words
    return command.basename in _FILTERS and all(
        word is not None and (_FILTER_WORD.fullmatch(word) is not None or _is_number(word, before))
        for before, word in zip([None, *words], words, strict=False)
    )


def _is_number(word: str, before: Word) -> bool:
    return word.isdecimal() and before is not None and _NUMBERED.fullmatch(before) is not None


def _acts_on_words(command: Command) -> bool:
    name, words = command.basename, command.words
    if not command.name or not command.is_installed or command.handed_on.unknown:
        return False
    if any(
        _may_be_kernels(argument.node if argument.word is None else argument.word) for argument in command.arguments
    ):
        return False
    if name in _PASSES:
        own = [argument.word for argument in command.own]
        return bool(command.handed_on.commands) and all(word is not None and _sets_plain(word) for word in own)
    if name in SHELLS:
        return bool(command.scripts)
    return name in _BY_WORDS or is_filter(command) or _is_client(name, words)


def _sets_plain(word: str) -> bool:
    """Whether a word sets no variable, or one that is known to be harmless; those named for a secret are hidden."""
    found = _ASSIGNMENT.match(word)
    return found is None or is_secret_name(found[1]) or _VARIABLE.fullmatch(found[1]) is not None


def _may_be_kernels(word: str | Node) -> bool:
    """Whether a word may name a file in which the kernel tells of processes."""
    if isinstance(word, str):
        return _KERNEL.search(word) is not None
    text = re.sub(r"[\\'\"]", "", _SESSION.sub("x", source(word)))
    first, *rest = text.removeprefix("/").split("/")
    if text.startswith("/") and first and not _GLOBS.search(first) and first[0] != "." and ".." not in rest:
        # Below a folder of the root that is none of the kernel's.
        return _KERNEL.search(text) is not None
    return _KERNEL.search(text) is not None or any(map(_may_be_proc, (first, *rest)))


def _may_be_proc(pattern: str) -> bool:
    if not _GLOBS.search(pattern):
        return False
    return not {"[", "{", "("}.isdisjoint(pattern) or any(fnmatchcase(each, pattern) for each in ("proc", "dev"))


def _is_client(name: str, words: Sequence[Word]) -> bool:
    if name == "redis-cli":
        return all(word is not None and _REDIS.fullmatch(word) is not None for word in words)
    return name in _CLIENTS and not has_option(words, *_CLIENTS[name])
