"""One measurement, both ways: directly and through the gateway, in turn in one run, the medians compared.

A ratio of one run holds on any machine; the absolute figures do not.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

#: Each figure is the median of so many runs of each way, taken in turn.
RUNS = 5

RouteT = TypeVar("RouteT")


@dataclass(frozen=True)
class Figure:
    """Two medians in `unit`; `ratio` is the gateway's to direct, 1 meaning no cost."""

    name: str
    direct: float
    gateway: float
    unit: str

    @property
    def ratio(self) -> float:
        return self.gateway / self.direct

    def __str__(self) -> str:
        figures = f"direct {self.direct:9.2f}  gateway {self.gateway:9.2f} {self.unit:<5}"
        return f"{self.name:<44} {figures} ratio {self.ratio:.2f}"


def paired(
    name: str, unit: str, direct: RouteT, through: RouteT, once: Callable[[RouteT], float], *, runs: int = RUNS
) -> Figure:
    """Measure A B A B …, and compare the medians: what slows the machine for a while slows both."""
    figures = [(once(direct), once(through)) for _ in range(runs)]
    first, second = (statistics.median(column) for column in zip(*figures, strict=True))
    return Figure(name, first, second, unit)
