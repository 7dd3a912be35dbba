"""Tables that are printed, and goals with their verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Goal:
    """A wanted bound on a measured number: NaN where it was not measured, infinite where ours failed."""

    name: str
    measured: float
    wanted: float
    at_least: bool = False
    unit: str = "x"
    note: str = ""

    @property
    def verdict(self) -> str:
        """Return "pass", "FAIL" or "not measured"."""
        if math.isnan(self.measured):
            return "not measured"
        met = self.measured >= self.wanted if self.at_least else self.measured <= self.wanted
        return "pass" if met else "FAIL"

    @property
    def bound(self) -> str:
        """The bound in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.wanted:g}{self.unit}"


def print_goals(goals: Sequence[Goal]) -> None:
    """Print a row for each goal, with its verdict."""
    rows = [[g.name, cell(g.measured, g.unit), g.bound, g.verdict, g.note] for g in goals]
    print_table([["goal", "measured", "wanted", "", "note"], *rows])


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text as a Markdown table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print("\n" + "\n".join(lines))


def cell(value: float, unit: str) -> str:
    """Return a number with its unit: "-" where it was not measured, "failed" where it is infinite."""
    if math.isnan(value):
        return "-"
    return "failed" if math.isinf(value) else f"{value:.3g}{unit}"
