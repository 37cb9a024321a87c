"""What must not be shown of a command line: passwords and tokens that people type into it. Pure.

A second line of defence beside the masking rules, which know cards and keys by their shape. These are known by what
stands before them. Too much is taken rather than too little: the text is read by reviewers, it is never run.

The patterns are bounded, because a command line comes from anybody who may connect.
"""

import re

HIDDEN = "***"

#: How much of a command is shown and stored.
MAX_TEXT_CHARACTERS = 4_096

_NAMES = r"password|passwd|passphrase|[-_]pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?"
# One shell word, quotes included; what is only a reference to a variable gives nothing away.
_VALUE = (
    r"""(?!["']?\$[\w{(])(?:"(?:[^"\\]|\\.)*"(?=[\s,;}\]])|(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\\.|[^\s;|&<>()"'\\])+)"""
)
# What stands between a command's name and the option that is looked for.
_GAP = r"[^|;&\n]{0,400}?"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host
    (re.compile(r"(://[^\s:/@'\"]*:)[^\s@'\"]+(?=@)"), rf"\1{HIDDEN}"),
    # Header lines, as in curl -H.
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|x-[\w-]*(?:key|token|secret)|(?:set-)?cookie)(\s*:\s*)[^'\"\r\n]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # NAME=value, --name=value, "name": "value", name: value, and --name value.
    (re.compile(rf"(?i)((?:{_NAMES})[\w.-]{{0,64}}[\"']?\s{{0,8}}[=:]\s{{0,8}}){_VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)((?<![\w-])--?[\w-]{{0,64}}(?:{_NAMES})[\w-]{{0,64}}\s{{1,8}})(?!-){_VALUE}"), rf"\1{HIDDEN}"),
    # SQL inside a command: IDENTIFIED BY 'x', PASSWORD 'x'.
    (re.compile(r"(?i)\b(identified\s+by\s+|password\s+)('[^']*'|\"[^\"]*\")"), rf"\1'{HIDDEN}'"),
    # openssl -passin pass:x
    (re.compile(r"(?<![\w-])(pass:)[^\s'\"]+"), rf"\1{HIDDEN}"),
    # Clients that take the password glued to its option.
    (re.compile(rf"\b((?:mysql\w*|mariadb[\w-]*)\b{_GAP}\s-p)(?=\S){_VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"\b(7z[ar]?\b{_GAP}\s-p)(?=\S){_VALUE}"), rf"\1{HIDDEN}"),
    # Clients that take it as the next word, or glued.
    (re.compile(rf"\b(sshpass\b{_GAP}\s-p\s*){_VALUE}"), rf"\1{HIDDEN}"),
    (
        re.compile(rf"\b((?:mongo\w*|(?:docker|podman)\s+login\b|az\s+login\b){_GAP}\s-p\s+){_VALUE}"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(rf"\b(redis-cli\b{_GAP}\s-a\s+){_VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"\b((?:un)?zip\b{_GAP}\s-P\s*){_VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(rf"\b(ldap\w+\b{_GAP}\s-w\s*){_VALUE}"), rf"\1{HIDDEN}"),
    # curl -u name:password, smbclient -U name%password: the name stays.
    (
        re.compile(rf"\b(curl\b{_GAP}\s(?:-[uU]|--(?:proxy-)?user[= ])\s*['\"]?[^\s:'\"]*:)[^\s'\"]+"),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(rf"\b((?:smbclient|rpcclient|mount\.cifs|net)\b{_GAP}\s-U\s*['\"]?[^\s%'\"]*%)[^\s'\"]+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(rf"\b(htpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+){_VALUE}"), rf"\1{HIDDEN}"),
)

# Programs that read a password from their input: then what is written to it is one.
_READS_PASSWORD = re.compile(
    rf"\b(?:ch)?passwd\b|--password-stdin|\bsudo\b{_GAP}\s-\w*S|\bcryptsetup\b|\bkinit\b|--pinentry"
)
_WRITES_INPUT = re.compile(r"(\b(?:echo|printf)\b\s+(?:-\w+\s+)*|<<<\s*)[^|;&\n]+")
_HERE_DOCUMENT = re.compile(r"(<<-?\s*(['\"\\]?)(\w+)\2[^\n]*\n)(.*?)(?=^\s*\3\s*$|\Z)", re.DOTALL | re.MULTILINE)


def redact(command: str) -> str:
    """The command line with what looks like a secret replaced by `***`; good for reading, not for running.

    Long ones are cut to MAX_TEXT_CHARACTERS, with the number of characters left out at the end.
    """
    left_out = len(command) - MAX_TEXT_CHARACTERS
    hides_input = _READS_PASSWORD.search(command) is not None
    command = command[:MAX_TEXT_CHARACTERS]
    if hides_input:
        command = _WRITES_INPUT.sub(rf"\1{HIDDEN} ", command)
        command = _HERE_DOCUMENT.sub(rf"\1{HIDDEN}\n", command)
    for pattern, replacement in _RULES:
        command = pattern.sub(replacement, command)
    return f"{command}… ({left_out} more characters)" if left_out > 0 else command
