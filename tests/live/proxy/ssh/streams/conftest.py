"""What tests of streams look at inside the gateway."""

from collections.abc import Callable
from typing import Any

import pytest

from proxy.ssh.pacing import Paced


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> list[Paced]:
    """Both of a session's connections, the client's first."""
    made: list[Paced] = []
    construct: Callable[..., None] = Paced.__init__

    def noted(self: Paced, *arguments: Any) -> None:
        construct(self, *arguments)
        made.append(self)

    monkeypatch.setattr(Paced, "__init__", noted)
    return made
