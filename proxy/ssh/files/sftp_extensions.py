"""Extensions of SFTP that pass: what each does to files, and how it is answered. Pure.

They are OpenSSH's (its PROTOCOL, section 4, and draft-ietf-secsh-filexfer-extensions-00). Any other could read or
change files in a way that nobody here knows of, and is answered that the host has it not.
"""

from typing import Final

from proxy.ssh.files.file_event import Operation
from proxy.ssh.files.sftp_packets import Kind

COPY_DATA: Final = b"copy-data"

#: Those that do something to files, which is put on record.
DOING: Final = {
    b"posix-rename@openssh.com": Operation.RENAME,
    b"hardlink@openssh.com": Operation.LINK,
    b"lsetstat@openssh.com": Operation.ATTRIBUTES,
}
#: Those that only ask, and the packet that answers; None: by a status alone.
ASKING: Final = {
    b"statvfs@openssh.com": Kind.EXTENDED_REPLY,
    b"fstatvfs@openssh.com": Kind.EXTENDED_REPLY,
    b"limits@openssh.com": Kind.EXTENDED_REPLY,
    b"users-groups-by-id@openssh.com": Kind.EXTENDED_REPLY,
    b"expand-path@openssh.com": Kind.NAME,
    b"home-directory": Kind.NAME,
    b"fsync@openssh.com": None,
}
