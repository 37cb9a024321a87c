"""How the programs that run another program read their own arguments: what must be skipped to find it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prefix:
    """How a wrapper reads its own arguments, up to the command that follows them."""

    #: Short options that take a value, and those that do not.
    valued: str = ""
    plain: str = ""
    #: Long options, likewise, without dashes.
    long_valued: frozenset[str] = frozenset()
    long_plain: frozenset[str] = frozenset()
    #: Arguments of its own that stand before the command: `timeout 5 …`, `chroot /mnt …`.
    operands: int = 0
    #: NAME=value may stand before the command.
    assignments: bool = False
    #: The rest is joined by spaces and given to a shell.
    joined: bool = False
    #: Options that mean that no command is run at all: `command -v`, `sudo -l`.
    idle: str = ""
    #: Options after which a shell reads its commands from elsewhere, or the rest as one line: `sudo -s`, `env -S`.
    opens_shell: str = ""


def _long(names: str) -> frozenset[str]:
    return frozenset(names.split())


PREFIXES: dict[str, Prefix] = {
    "sudo": Prefix(
        "aCcDghpRrtTuU",
        "AbBEHkKnNPS",
        _long("auth-type close-from login-class chdir group host prompt chroot role type command-timeout user")
        | _long("other-user"),
        _long("askpass background bell preserve-env set-home reset-timestamp non-interactive preserve-groups stdin"),
        assignments=True,
        idle="lvV",
        opens_shell="is",
    ),
    "doas": Prefix("Cu", "n", idle="L", opens_shell="s"),
    "pkexec": Prefix("", "", _long("user"), _long("disable-internal-agent keep-cwd")),
    "env": Prefix(
        "uC",
        "i0v",
        _long("unset chdir"),
        _long("ignore-environment null debug block-signal default-signal ignore-signal list-signal-handling"),
        assignments=True,
        opens_shell="S",
    ),
    "nohup": Prefix(),
    "setsid": Prefix("", "cfw", long_plain=_long("ctty fork wait")),
    # bash's own, which takes assignments; the program of that name takes them for a command that is not there.
    "time": Prefix("fo", "apqv", _long("format output"), _long("append portability quiet verbose"), assignments=True),
    "coproc": Prefix(),
    # zsh's precommand modifiers.
    "-": Prefix(),
    "noglob": Prefix(),
    "nocorrect": Prefix(),
    "nice": Prefix("n", "0123456789", _long("adjustment")),
    "ionice": Prefix("cnpPu", "t", _long("class classdata pid pgid uid"), _long("ignore")),
    "chrt": Prefix("TPD", "abdfiormpRv", _long("sched-runtime sched-period sched-deadline"), operands=1),
    "taskset": Prefix("", "apc", long_plain=_long("all-tasks cpu-list pid"), operands=1),
    "timeout": Prefix("ks", "v", _long("kill-after signal"), _long("foreground preserve-status verbose"), operands=1),
    "stdbuf": Prefix("ioe", "", _long("input output error")),
    "unbuffer": Prefix("", "p"),
    "exec": Prefix("a", "cl"),
    "command": Prefix("", "p", idle="vV"),
    "builtin": Prefix(),
    "busybox": Prefix(long_plain=_long("list list-full install")),
    "toybox": Prefix(long_plain=_long("long")),
    "chroot": Prefix("", "", _long("groups userspec"), _long("skip-chdir"), operands=1),
    "fakeroot": Prefix("lfsib", "u", _long("lib faked"), _long("unknown-is-real")),
    "eatmydata": Prefix(),
    "setarch": Prefix("", "BFILRSTXZ3v"),
    "linux32": Prefix(),
    "strace": Prefix("abeEIoOpPsSuUX", "cCdDfFhiknqrtTvVwxyzZ"),
    "ltrace": Prefix("AaDeFlnopsuwx", "bcCfhiLrStTV"),
    "setpriv": Prefix(
        "",
        "d",
        _long("groups reuid regid ruid rgid euid egid"),
        _long("clear-groups keep-groups no-new-privs"),
    ),
    "unshare": Prefix(
        "RSGw",
        "cmuinpUCTrf",
        _long("root wd setuid setgid"),
        _long("fork map-root-user mount pid net user"),
    ),
    "nsenter": Prefix(
        "tSGNT",
        "aeFmuinpUCrw",
        _long("target setuid setgid"),
        _long("all mount uts ipc net pid user no-fork"),
    ),
    "systemd-run": Prefix(
        "pEuMHt",
        "dqGPSrG",
        _long("property setenv unit machine host description slice uid gid nice working-directory")
        | _long("on-calendar on-active"),
        _long("user system scope pty pipe quiet collect wait no-block remain-after-exit"),
    ),
    "systemd-inhibit": Prefix("", "", _long("what who why mode")),
    "ssh-agent": Prefix("aEOPt", "cDdks"),
    "dbus-run-session": Prefix("", "", _long("config-file dbus-daemon")),
    "choom": Prefix("np", "", _long("adjust pid")),
    "numactl": Prefix("iNmCpP", "lsHab", _long("interleave cpunodebind membind physcpubind preferred localalloc")),
    "cgexec": Prefix("g", "", long_plain=_long("sticky")),
    **{name: Prefix(operands=1) for name in ("gosu", "su-exec", "setuidgid", "envdir", "envuidgid")},
    "setlock": Prefix("", "nNxX", operands=1),
    "softlimit": Prefix("adfclmoprst"),
    "tini": Prefix("pe", "svwghl"),
    "dumb-init": Prefix("r", "cv", _long("rewrite"), _long("single-child verbose")),
    "faketime": Prefix("", "m", operands=1),
    **{name: Prefix() for name in ("torify", "torsocks", "proxychains", "chronic", "linux64", "i386", "x86_64")},
    "proxychains4": Prefix("f", "q"),
    "ifne": Prefix("", "n"),
    "sshpass": Prefix("pfdP", "ehvV"),
    "catchsegv": Prefix(),
    # bash's own: `jobs -x reboot`.
    "jobs": Prefix("", "lnprsx"),
    "runuser": Prefix("ugG", "flmpP", _long("user group supp-group"), _long("login preserve-environment pty")),
    "dbus-launch": Prefix("", "", long_plain=_long("exit-with-session")),
    "xargs": Prefix(
        "adEILnPs",
        "0eilprtxo",
        _long("arg-file delimiter max-lines max-args max-procs max-chars process-slot-var"),
        _long("null no-run-if-empty verbose interactive exit open-tty show-limits replace eof"),
    ),
    "parallel": Prefix(
        "jaIndCNL",
        "0kmXqtuv",
        _long("jobs arg-file delay timeout"),
        _long("null pipe keep-order"),
        joined=True,
    ),
    "watch": Prefix(
        "n",
        "bcCdegtwx",
        _long("interval"),
        _long("beep color differences errexit chgexit no-title"),
        joined=True,
    ),
    "flock": Prefix(
        "wE",
        "sxeunFov",
        _long("timeout conflict-exit-code"),
        _long("shared exclusive nonblock no-fork"),
        operands=1,
    ),
}
