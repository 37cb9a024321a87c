"""Programs that are known not to run what their arguments say. Pure.

Here stands what is proven harmless. A program that is in no table of this room may be a wrapper (`choom -- reboot`), so
that any argument of it that could be a command makes it a `dynamic_command`, by the name of the program itself: who
allows `command:mytool` knows mytool. Being harmless means here: running no other program. Not: doing no harm.
"""

import re
from collections.abc import Sequence

from proxy.shell.handed_on import Word
from proxy.shell.options import split_words
from proxy.shell.prefixes import PREFIXES
from proxy.shell.programs import has_analysis
from proxy.shell.wrappers import hands_on

_BUILTINS = """
    : [ break bg caller cd continue declare dirs disown echo exit export false fg getopts help history kill local
    logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt suspend test times true type
    typeset ulimit umask unset wait
"""
_FILES = """
    basename cat chattr chgrp chmod chown cksum cmp column comm cp csplit cut dd df diff dirname du egrep expand
    fgrep file fmt fold getcap getfacl grep head hexdump join ln ls lsattr mkdir mkfifo mktemp mv nl od paste
    pathchk pr readlink realpath rev rm rmdir setcap setfacl shred shuf stat strings sum sync tac tail tee touch
    tr tree truncate tsort unexpand uniq vdir wc xxd zcat zegrep zfgrep zgrep b2sum md5sum sha1sum sha224sum
    sha256sum sha384sum sha512sum base32 base64 bzip2 bunzip2 bzcat gunzip gzip lz4 unxz unzip unzstd xz xzcat
    zstd zstdcat jq yq xmllint
"""
_SYSTEM = """
    arch cal date dmesg dmidecode env expr factor findmnt free fuser getconf getent groups hostid hostname
    hostnamectl htop id init iostat iotop journalctl kill killall last lastb lastlog locale localectl logger
    loginctl logname losetup lsblk lscpu lsipc lslocks lsmod lsns lsof lspci lsusb mesg mpstat nproc numastat
    pgrep pidof pkill pmap poweroff halt reboot shutdown telinit printenv ps pstree pwdx renice resolvectl
    runlevel sar sensors seq slabtop sleep smartctl stty tail timedatectl top tput tty uname uptime users
    usleep vmstat w wall whereis which who whoami yes blkid fdisk fsck mkswap swapoff
    swapon wipefs chage chpasswd groupadd groupdel groupmod passwd useradd userdel usermod
    dpkg-query
"""
_NETWORK = """
    arp dig ethtool firewall-cmd host ifconfig kdestroy kinit klist mtr netstat nslookup nstat ping
    ping6 route ss tracepath traceroute ufw whois
    clusterdb createdb createuser dropdb dropuser ldapadd ldapdelete ldapmodify ldapsearch ldapwhoami mongodump
    mongoexport mysqladmin mysqldump mariadb-dump pg_dump pg_dumpall pg_isready redis-cli reindexdb vacuumdb
    cryptsetup htpasswd git-receive-pack git-upload-archive git-upload-pack
"""
#: What bash itself does.
BUILTINS = split_words(_BUILTINS)
#: Programs that print, move and count what they are given, and take no secret by an option.
PLAIN = BUILTINS | split_words(f"{_FILES} {_SYSTEM}")
_HARMLESS = PLAIN | split_words(_NETWORK)
_HARMLESS_KINDS = re.compile(r"mkfs\.\w+|fsck\.\w+")

#: What of a program with subcommands runs nothing; the rest of it may (scripts of packages, plugins, aliases).
_SUBCOMMANDS: dict[str, frozenset[str]] = {
    name: split_words(words)
    for names, words in {
        "apt apt-get apt-cache": "list show showpkg madison search policy depends rdepends update clean check",
        "dpkg": "-l --list -L --listfiles -s --status -S --search -p --print-avail --get-selections",
        "rpm": "-q -qa -qi -ql -qf -V --query --verify",
        "dnf yum": "list info search repolist provides check-update history makecache",
        "snap": "list info find changes version",
        "docker podman nerdctl": (
            "ps images inspect logs stats top port diff events history info version search start stop restart kill rm"
            " rmi pull push tag login logout pause unpause wait rename update container image network volume system"
        ),
        "kubectl oc": (
            "get describe logs top version api-resources api-versions explain config cluster-info auth rollout scale"
            " cordon uncordon drain label annotate delete autoscale taint wait whoami project"
            " projects status"
        ),
        "crictl": "ps images inspect inspecti inspectp logs stats pods info version",
        "machinectl": "list status show image-status show-image list-images",
        "lxc": "list info config image network storage start stop restart delete",
    }.items()
    for name in names.split()
}
#: Options before a subcommand that take the next word as their value.
_VALUED = split_words(
    "-n --namespace --context -c --cluster --kubeconfig -s --server -H --host --user -l --log-level --request-timeout"
)
# An option by itself, a number, a number with a unit. Anything else could name a program or hold a command line.
_NO_COMMAND = re.compile(r"--?[\w-]*|[+-]?\d[\d.,:%]*[A-Za-z]{0,2}|")


def runs_unknown(name: str, words: Sequence[Word], *, installed: bool = True) -> bool:
    """Whether `name` is no program that is known, and one of its words could be a command that it runs.

    What is not `installed` is a file that anybody may have put there, whatever its name.
    """
    if not any(word is None or not _NO_COMMAND.fullmatch(word) for word in words):
        return False
    if installed and name in _SUBCOMMANDS:
        return _subcommand(words, _SUBCOMMANDS[name]) not in _SUBCOMMANDS[name]
    return not (installed and is_known(name))


def is_known(name: str) -> bool:
    """Whether some table of this room knows what the program does with its arguments."""
    known = name in _HARMLESS or name in PREFIXES or name in _SUBCOMMANDS or _HARMLESS_KINDS.fullmatch(name) is not None
    return known or hands_on(name) or has_analysis(name)


def _subcommand(words: Sequence[Word], known: frozenset[str]) -> Word:
    at = 0
    while at < len(words):
        word = words[at]
        if word is None or not word.startswith("-") or word in known:
            return word
        at += 2 if word in _VALUED else 1
    return None
