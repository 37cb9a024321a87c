"""Programs with a language: what is plain in it runs nothing, everything else may."""

import pytest

from proxy.shell.languages import LANGUAGES


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("awk", ["{print $1}", "f"]),
        ("awk", ["-F", ":", "-vx=1", "{print x}"]),
        ("sed", ["-n", "1,3p;s/a/b/g", "f"]),
        ("sed", ["-i", "-e", "y/a/b/", "f"]),
        ("git", ["-C", "/x", "log", "--oneline"]),
        ("git", ["config", "--get", "user.name"]),
        ("git", ["checkout", "main", "--", None]),
        ("git", ["upload-pack", "/srv/x.git"]),
        ("psql", ["-h", "db", "-Atc", "select 1"]),
        ("psql", ["--command=select 1"]),
        ("mysql", ["-pabc", "-e", "select 1"]),
        ("mysql", ["-Nse", "select 1"]),
    ],
)
def test_what_is_plain_runs_nothing(name: str, words: list[str | None]) -> None:
    assert not LANGUAGES[name](words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("awk", ['BEGIN{system("rm")}']),
        ("awk", ["-f", "x"]),
        ("awk", [None]),
        ("sed", ["1e rm"]),
        ("sed", ["s/a/b/e"]),
        ("sed", [None, "f"]),
        ("git", ["unheard-of"]),
        ("git", ["-c", "x=y", "log"]),
        ("git", ["fetch", "--upload-pack=rm", "x"]),
        ("git", ["archive", "--remote=ext::sh", "HEAD"]),
        ("git", ["config", "alias.x", "!rm"]),
        ("git", ["ls-remote", None, "x"]),
        ("psql", []),
        ("psql", ["-h", "db"]),
        ("psql", ["-c", "\\! rm"]),
        ("psql", ["-c", "select 1", "-f", "x"]),
        ("psql", ["-c", "copy t to program 'rm'"]),
        ("mysql", ["-pabce"]),
        ("mysql", ["-e", "system rm"]),
        ("mysql", ["-e", "select 1", "--pager=rm"]),
        ("mysql", ["-e", None]),
    ],
)
def test_what_is_not_plain_may_run_anything(name: str, words: list[str | None]) -> None:
    assert LANGUAGES[name](words)
