"""Values of settings and options: shown where they are words, numbers, booleans or units. Pure.

PostgreSQL's own settings change what statements mean (search_path, role) or run something (archive_command); those with
a dot in their name belong to extensions and applications, and hold data.
"""

import re

from proxy.showing.values import MANY_DIGITS, is_sensitive

#: PostgreSQL's settings that hold a command line.
_COMMANDS = frozenset(
    {"archive_command", "restore_command", "archive_cleanup_command", "recovery_end_command", "ssl_passphrase_command"}
)
#: What says that a value is a secret, in the name of a setting or an option.
_SECRET = re.compile(
    r"passw|passphrase|secret|token|conninfo|credential|pwd|^pw$|api_?key|access_?key|private_?key|^sslkey$"
)
#: Names that say so of something else.
_NO_SECRETS = frozenset({"password_encryption", "ssl_passphrase_command_supports_reload", "passwordcheck"})
#: PostgreSQL's own settings that hold any text.
_FREE = frozenset({"application_name", "cluster_name"})
#: Extensions' settings that load code.
_LOADING = re.compile(r"\.(?:start_proc|on_init|on_plperl_init|on_plperlu_init|on_trusted_init|on_untrusted_init)$")

#: Words, lists of words, numbers with units, paths, what separates the columns of a COPY.
_PLAUSIBLE = re.compile(r"""[\w.$+/:%*#\-"'\\ ,;|=~\[\]()<>!&^\t]{0,256}""")
_DIGITS = re.compile(rf"\d{{{MANY_DIGITS},}}")


def is_command(name: str) -> bool:
    """Whether the setting's value is a command line."""
    return name.lower() in _COMMANDS


def is_secret(name: str) -> bool:
    """Whether the value of this setting or option is a secret by its name."""
    folded = name.lower()
    return folded not in _NO_SECRETS and folded not in _COMMANDS and _SECRET.search(folded) is not None


def decides(name: str) -> bool:
    """Whether somebody who approves a setting must see its value."""
    folded = name.lower()
    return ("." not in folded and folded not in _FREE) or _LOADING.search(folded) is not None


def is_plausible(value: str) -> bool:
    """Whether a value may be shown: words, and nothing that only data would be."""
    return _PLAUSIBLE.fullmatch(value) is not None and not _DIGITS.search(value) and not is_sensitive(value)
