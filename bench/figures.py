"""One measurement in several ways: directly, through the gateway, through a peer; in turn in one run, medians compared.

A ratio of one run holds on any machine; the absolute figures do not.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

#: Each figure is the median of so many runs of each way, taken in turn.
RUNS = 5
#: The ways that are always there.
DIRECT, GATEWAY = "direct", "gateway"

RouteT = TypeVar("RouteT")


@dataclass(frozen=True)
class Figure:
    """Medians in `unit` by their way; ratios are the gateway's, and of what else there is of it, to those of others."""

    name: str
    unit: str
    medians: Mapping[str, float]

    def __str__(self) -> str:
        figures = "  ".join(f"{way} {median:9.2f}" for way, median in self.medians.items())
        ours = self.medians[GATEWAY]
        ratios = (f"{ours / median:.2f} of {way}" for way, median in self.medians.items() if way != GATEWAY)
        return f"{self.name:<44} {figures} {self.unit:<5} {', '.join(ratios)}"


def compared(
    name: str, unit: str, ways: Mapping[str, RouteT], once: Callable[[RouteT], float], *, runs: int = RUNS
) -> Figure:
    """Measure A B C A B C …, and compare the medians: what slows the machine for a while slows all."""
    taken = [{way: once(route) for way, route in ways.items()} for _ in range(runs)]
    return Figure(name, unit, {way: statistics.median(each[way] for each in taken) for way in ways})
