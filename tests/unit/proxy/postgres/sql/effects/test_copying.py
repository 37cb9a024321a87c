"""COPY from and to files and programs, with the commands of the program's shell."""

from support.sql import parts_of


def test_each_command_of_a_program_is_a_part() -> None:
    found = parts_of("copy t from program 'curl x | tee y'")
    assert {"program", "copy_program", "command:curl"} in found
    assert {"program", "copy_program", "command:tee"} in found


def test_a_file_is_a_part_without_the_kind() -> None:
    assert {"file", "copy_server_file"} in parts_of("copy t to '/x'")


def test_the_client_s_own_rows_are_neither() -> None:
    assert not any({"file", "program"} & part for part in parts_of("copy t from stdin"))
