"""In some character sets a byte of UTF-8 takes the ASCII character behind it along: 中\\ are two characters of GBK."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clients.sshd import running
from support.ssh import MakeClient, Upstream, connected


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Upstream]:
    """A host that has Chinese locales, as Fedora's and RHEL's glibc-all-langpacks brings."""
    folder = tmp_path / "locales"
    folder.mkdir()
    subprocess.run(["localedef", "-i", "zh_CN", "-f", "GBK", folder / "zh_CN.GBK"], check=True)
    (tmp_path / "host").mkdir()
    with running(tmp_path / "host", f"-oSetEnv=LOCPATH={folder}") as server:
        yield server


@pytest.mark.parametrize(
    ("line", "environment"),
    [
        (r"echo 中\;rm {}", {"LC_ALL": "zh_CN.GBK"}),
        ('echo "中\\"; rm {} #"', {"LANG": "zh_CN.GBK"}),
        (r'echo "中\$(rm {})"', {"LC_CTYPE": "zh_CN.GBK"}),
        ('echo "中`\'";rm {};#\'`"', {"LC_ALL": "zh_CN.GBK"}),
        ("LC_ALL=zh_CN.GBK\necho 中\\;rm {}", {}),
        ("read LC_ALL <<<zh_CN.GBK\necho 中\\;rm {}", {}),
        (r"LC_ALL=zh_CN.GBK bash -c 'echo 中\;rm {}'", {}),
    ],
)
async def test_no_character_set_hides_a_command_from_its_review(
    client: MakeClient, tmp_path: Path, line: str, environment: dict[str, str]
) -> None:
    ssh = await client("guarded")
    target = tmp_path / "target"
    target.touch()
    async with connected(ssh) as connection:
        running_ = asyncio.create_task(connection.run(line.format(target), env=environment))
        await asyncio.wait({running_}, timeout=1)
    await asyncio.gather(running_, return_exceptions=True)
    assert target.exists()
