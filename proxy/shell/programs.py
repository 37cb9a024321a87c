"""Programs that run or write what their arguments say, as far as the arguments tell. Pure.

`wrappers` finds commands that can be read as commands. Here are the programs with a language of their own (awk, sed,
git, an editor): what is plainly harmless gives nothing, everything else is said to be unknown. It does not analyse
the programs that files on the host contain.
"""

import re
from collections.abc import Sequence

from proxy.shell.handed_on import NOTHING, Runs, Word
from proxy.shell.languages import LANGUAGES
from proxy.shell.options import has_option, is_input, split_words
from proxy.shell.wrappers import SHELLS

#: They are made to run what they are given, by file, keyboard or argument.
_OPEN = split_words(
    """
    at batch make gmake cmake ninja vi vim view vimdiff gvim nvim ex ed emacs emacsclient nano pico joe less
    more most man info gdb lldb expect socat ansible ansible-playbook irb ghci npx npm pip pip3 gem go cargo
    sqlite3 ftp lftp run-parts start-stop-daemon visudo vipw sudoedit fc bind let compgen complete compopt dc m4
    gnuplot octave julia mail mailx mutt telnet smbclient mongo mongosh dialog perf valgrind rr firejail bwrap
    hyperfine lxc-attach prlimit rlwrap dtach abduco daemonize daemon xvfb-run newgrp entr chpst uvx pnpx bunx
    dlx nix-shell sem watchexec reptyr gcore debugfs pg_ctl fzf scriptreplay mc ranger salt salt-call fab
    ansible-console parallel-ssh pssh pdsh dsh mussh clush pwsh nu elvish xonsh osh ysh yash posh oksh rc es
    scsh raku racket sbcl clisp clojure groovy jshell jrunscript runghc swift kotlin scala ipython
    """
)
#: `NAME file` runs a file of the host like any other script; every other way gives them a program.
_INTERPRETERS = re.compile(r"(?:python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|Rscript|R|guile|bun|deno)[\d.]*")
#: Read one by one below.
_SINGLE = frozenset({"crontab", "service", "tmux", "screen"})
_ASKS_ONLY = frozenset({"--version", "--help", "-V"})
#: What makes them run something: short letters, long names (which may be abbreviated).
_RUNS: dict[str, tuple[str, str]] = {
    "tar": (
        "IF",
        "checkpoint-action to-command use-compress-program info-script new-volume-script rsh-command rmt-command",
    ),
    "rsync": ("e", "rsh rsync-path daemon config"),
    "scp": ("oSFD", ""),
    "sftp": ("oSFDsb", ""),
    "split": ("", "filter"),
    "sort": ("", "compress-program"),
    "zip": ("T", "unzip-command"),
    "tcpdump": ("z", "postrotate-command"),
    "nc": ("ec", "exec sh-exec lua-exec"),
    "ncat": ("ec", "exec sh-exec lua-exec"),
    "curl": ("K", "config engine"),
    "wget": ("e", "execute use-askpass config"),
    "apt": ("oc", "option config-file"),
    "apt-get": ("oc", "option config-file"),
    "apt-cache": ("oc", "option config-file"),
    "dpkg": ("", "pre-invoke post-invoke root admindir instdir"),
    "rpm": ("ED", "eval pipe define macros rcfile load predefine"),
    "dnf": ("c", "config setopt pluginpath"),
    "yum": ("c", "config setopt pluginpath"),
    "iptables": ("M", "modprobe"),
    "ip6tables": ("M", "modprobe"),
    "pidstat": ("e", ""),
    "nmap": ("", "script interactive"),
    "install": ("", "strip-program"),
    "cpio": ("", "rsh-command"),
    "bsdtar": ("", "use-compress-program"),
    "gpg": ("", "photo-viewer exec-path agent-program dirmngr-program options homedir"),
    "ssh-keygen": ("Dw", ""),
    "ssh-add": ("sS", ""),
    "rg": ("", "pre hostname-bin"),
    "fd": ("xX", "exec exec-batch"),
}
#: Words that make them run something, wherever they stand.
_RUNS_BY_WORD: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        split_words("docker podman nerdctl kubectl oc lxc crictl machinectl ctr buildah"),
        split_words("exec run debug compose attach edit build buildx create cp shell rsh plugin machine enter"),
    ),
    "openssl": frozenset({"-engine", "-provider", "-provider-path", "-config"}),
    "ip": frozenset({"-b", "-batch", "-force"}),
    "systemctl": frozenset({"edit", "-H", "--host"}),
}
#: And their options that do.
_RUNS_BESIDE = {"kubectl": ("", "kubeconfig"), "oc": ("", "kubeconfig"), "systemctl": ("H", "host")}
#: The same, of programs whose other words are not known either.
_RUNNERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        split_words(
            """
            uv poetry pipenv pdm hatch rye pipx bundle rbenv pyenv nvm volta asdf mise direnv op aws-vault doppler
            chamber envchain nix conda mamba micromamba yarn pnpm rustup dotnet mvn gradle tox nox
            """
        ),
        split_words("run exec x dlx tool shell develop script -c --command"),
    ),
}
#: They write the files that they are given.
_WRITERS = frozenset(["tee", "sponge", "cp", "mv", "install", "truncate", "ln", "wget", "rsync", "scp"])
_WRITES: dict[str, tuple[str, str]] = {"sort": ("o", "output"), "curl": ("oOJ", "output remote-name")}
_FIND_WRITES = frozenset({"-delete", "-fprint", "-fprint0", "-fprintf", "-fls"})
_LOADERS = re.compile(r"ld(?:-linux|-musl)?[\w.-]*\.so(?:\.\d+)*|ld\.so")


def has_analysis(name: str) -> bool:
    """Whether `runs_unseen` knows what the program does with all of its words."""
    known = (_OPEN, _RUNS, _RUNS_BY_WORD, LANGUAGES, _SINGLE)
    return any(name in table for table in known) or _INTERPRETERS.fullmatch(name) is not None


def is_interpreter(name: str) -> bool:
    """Whether what the program is given, or reads, may be a program to it."""
    return name in _OPEN or name in LANGUAGES or _INTERPRETERS.fullmatch(name) is not None


def runs_unseen(name: str, words: Sequence[Word]) -> bool:
    """Whether `name words…` may run what no reader of the line would call a command. `name` is a basename."""
    if words and all(word in _ASKS_ONLY for word in words):
        return False
    if name in _OPEN or _LOADERS.fullmatch(name):
        return True
    if name in LANGUAGES:
        return LANGUAGES[name](words)
    if _INTERPRETERS.fullmatch(name):
        return not words or is_input(words[0])
    if name in _RUNS:
        letters, long = _RUNS[name]
        if name == "rsync" and words[:1] == ["--server"]:
            # The end of a connection starts no other one, and says by -e what it can.
            letters = ""
        # Before the first dash, tar's letters may stand without it.
        bare = name == "tar" and bool(words) and bool(words[0]) and not set(letters).isdisjoint(words[0].split("-")[0])
        return bare or None in words or has_option(words, letters, long)
    if by_word := _RUNS_BY_WORD.get(name) or _RUNNERS.get(name):
        more = (name == "ip" and _ip_runs(words)) or has_option(words, *_RUNS_BESIDE.get(name, ("", "")))
        return more or (name != "systemctl" and None in words) or not by_word.isdisjoint(words)
    match name:
        case "service":
            # It runs /etc/init.d/NAME, or /etc/init.d/../../NAME.
            return any(word is None or "/" in word for word in words)
        case "crontab":
            return "-l" not in words or len(words) > 1
        case "tmux" | "screen":
            return list(words) not in (["ls"], ["-ls"], ["-list"], ["list-sessions"])
        case _:
            return False


def _ip_runs(words: Sequence[Word]) -> bool:
    """`ip netns exec NAME command`, every word of which may be abbreviated."""
    heads = [at for at, word in enumerate(words) if word and ("netns".startswith(word) or "vrf".startswith(word))]
    return bool(heads) and any(word and "exec".startswith(word) for word in words[heads[0] + 1 :])


def runs_file(name: str, words: Sequence[Word], handed_on: Runs) -> bool:
    """Whether `name words…` runs a file of the host that stands among its words."""
    if name in SHELLS or name in {"source", "."}:
        return bool(words) and handed_on == NOTHING
    return bool(words) and is_interpreter(name) and not runs_unseen(name, words) and name not in LANGUAGES


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
            return has_option(words, "i", "in-place")
        case _:
            letters, long = _WRITES.get(name, ("", ""))
            return has_option(words, letters, long)
