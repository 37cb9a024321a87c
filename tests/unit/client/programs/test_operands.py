"""Which words of a copy are on a host."""

import pytest

from client.errors import Failed
from client.programs.operands import read


@pytest.mark.parametrize(
    ("program", "words", "host", "made"),
    [
        ("scp", ["a", "web-1:b"], "web-1", ["a", "gate:b"]),
        ("scp", ["-r", "deploy@web-1:/x", "."], "deploy@web-1", ["-r", "gate:/x", "."]),
        ("scp", ["-l", "8:0", "web-1:", "."], "web-1", ["-l", "8:0", "gate:", "."]),
        ("scp", ["-rl", "8:0", "web-1:", "."], "web-1", ["-rl", "8:0", "gate:", "."]),
        ("scp", ["./a:b", "web-1:a:b"], "web-1", ["./a:b", "gate:a:b"]),
        ("scp", ["web-1:a", "web-1:b", "/tmp/c:d"], "web-1", ["gate:a", "gate:b", "/tmp/c:d"]),
        ("scp", ["--", "-a", "web-1:b"], "web-1", ["--", "-a", "gate:b"]),
        ("rsync", ["-a", "--chown=u:g", "x/", "web-1:y"], "web-1", ["-a", "--chown=u:g", "x/", "gate:y"]),
        ("rsync", ["-aT", "t:mp", "x", "web-1:y"], "web-1", ["-aT", "t:mp", "x", "gate:y"]),
    ],
)
def test_the_host_takes_the_gateways_name(program: str, words: list[str], host: str, made: list[str]) -> None:
    copy = read(program, words)
    assert (copy.host, copy.to("gate")) == (host, made)


@pytest.mark.parametrize(
    ("program", "words", "says"),
    [
        ("scp", [], "No file of a resource"),
        ("scp", ["a", "b"], "No file of a resource"),
        ("scp", ["a:x", "b:y"], "two places"),
        ("scp", ["deploy@a:x", "a:y"], "two places"),
        ("scp", ["-o", "ProxyCommand=x", "a:x", "."], "takes no -o"),
        ("scp", ["-oProxyCommand=x", "a:x", "."], "takes no -o"),
        ("scp", ["-rJ", "host", "a:x", "."], "takes no -J"),
        ("scp", ["-F/etc/x", "a:x", "."], "takes no -F"),
        ("scp", ["scp://a/x", "."], "no RESOURCE:PATH"),
        ("scp", ["[::1]:x", "."], "no RESOURCE:PATH"),
        ("rsync", ["-e", "ssh -p 1", "a:x", "."], "takes no -e"),
        ("rsync", ["-ave", "ssh", "a:x", "."], "takes no -e"),
        ("rsync", ["--rsh=ssh", "a:x", "."], "takes no --rsh"),
        ("rsync", ["a::module", "."], "no RESOURCE:PATH"),
        ("rsync", ["--chown", "u:g", "a:x", "."], "two places"),
    ],
)
def test_what_is_not_plain_is_refused(program: str, words: list[str], says: str) -> None:
    with pytest.raises(Failed, match=says):
        read(program, words)
