"""Extensions that pass: each does something that is on record, or only asks."""

from proxy.ssh.files.sftp_extensions import ASKING, COPY_DATA, DOING


def test_each_is_one_of_both() -> None:
    assert not set(ASKING) & set(DOING)
    assert COPY_DATA not in {*ASKING, *DOING}


def test_all_that_openssh_offers_are_known() -> None:
    offered = (
        b"posix-rename@openssh.com",
        b"statvfs@openssh.com",
        b"fstatvfs@openssh.com",
        b"hardlink@openssh.com",
        b"fsync@openssh.com",
        b"lsetstat@openssh.com",
        b"limits@openssh.com",
        b"expand-path@openssh.com",
        b"copy-data",
        b"home-directory",
        b"users-groups-by-id@openssh.com",
    )
    assert set(offered) == {*ASKING, *DOING, COPY_DATA}
