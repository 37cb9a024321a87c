"""Place: which of the processes that share one machine's ports a proxy is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """`index` of `count`, from 0. With more than one, connections to a port go to any of them."""

    index: int = 0
    count: int = 1
    #: Where they reach each other, a folder for their owner alone; None where there is one.
    folder: Path | None = None

    @property
    def shares_ports(self) -> bool:
        return self.count > 1


#: The usual case: one process has the ports to itself.
ALONE = Place()
