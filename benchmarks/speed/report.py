"""Ratios, goals, the printed table, the CSV and the plot of the speed benchmark."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..tables import Goal, cell, print_table
from .matrices import Shape
from .worker import SAME_START

MIB = 2**20
GIB = 2**30
LARGE_CELLS = 1_000_000
STEADY_SPREAD = 2.0


@dataclass
class Measurement:
    """What one setting took on one shape: medians over all processes, and each process's.

    Attributes
    ----------
    fit, predict_proba : float
        Seconds.
    fit_bytes, peak_bytes : float
        Peak memory of fit above the votes, and of the whole process.
    reading : float
        Seconds for one ``L.max()`` in the same processes.
    learned : ndarray of shape (n_lfs, n_classes + 1, n_classes)
        P(vote | Y).
    runs : dict of str to list of float
        Seconds of fit and predict_proba, each process's median.
    """

    fit: float
    predict_proba: float
    fit_bytes: float
    peak_bytes: float
    reading: float
    learned: np.ndarray
    runs: dict[str, list[float]]


@dataclass
class Comparison:
    """One of our settings against Snorkel on one shape.

    The ratios are 0 where ours failed, and NaN where only Snorkel did.
    """

    shape: Shape
    setting: str
    ours: Measurement | None
    snorkel: Measurement | None
    note: str = ""

    @property
    def fit(self) -> float:
        """How many times faster than Snorkel fit is."""
        return self._ratio("fit")

    @property
    def predict_proba(self) -> float:
        """How many times faster than Snorkel predict_proba is."""
        return self._ratio("predict_proba")

    @property
    def memory(self) -> float:
        """Our peak memory of fit as a share of Snorkel's."""
        ratio = self._ratio("fit_bytes")
        return 1 / ratio if ratio else math.inf

    @property
    def difference(self) -> float:
        """Greatest difference between what the two sides learned."""
        if self.ours is None or self.snorkel is None:
            return math.nan
        return float(np.max(np.abs(self.ours.learned - self.snorkel.learned)))

    def spread(self, measure: str) -> tuple[float, float]:
        """Least and greatest ratio of two processes that ran one after the other."""
        if self.ours is None or self.snorkel is None:
            return math.nan, math.nan
        pairs = zip(self.snorkel.runs[measure], self.ours.runs[measure], strict=False)
        ratios = [theirs / our for theirs, our in pairs]
        return min(ratios), max(ratios)

    @property
    def unsteady(self) -> bool:
        """Whether the ratios of the processes lie so far apart that their median says little."""
        spreads = [self.spread(measure) for measure in ("fit", "predict_proba")]
        return any(high > STEADY_SPREAD * low for low, high in spreads)

    def _ratio(self, measure: str) -> float:
        if self.ours is None:
            return 0.0
        if self.snorkel is None:
            return math.nan
        return getattr(self.snorkel, measure) / max(getattr(self.ours, measure), 1e-12)


def speed_goals(comparisons: Sequence[Comparison]) -> list[Goal]:
    """Return the goals on the shapes that Snorkel can do, from the runs with Snorkel's start."""
    same = [c for c in comparisons if c.setting == SAME_START]
    by_name = {c.shape.name: c for c in same}
    fits = [c.fit for c in same]
    large = [c.predict_proba for c in same if c.shape.n_cells >= LARGE_CELLS]
    small = [c.predict_proba for c in same if c.shape.n_cells < LARGE_CELLS]
    tall = by_name.get("1e6x10")
    return [
        Goal("fit, geometric mean", geometric_mean(fits), 30, at_least=True),
        Goal("fit, least", least(fits), 10, at_least=True),
        Goal("predict_proba from 1e6 cells, geometric mean", geometric_mean(large), 20, True),
        Goal("predict_proba from 1e6 cells, least", least(large), 5, at_least=True),
        Goal("predict_proba on the small shapes, least", least(small), 1, at_least=True),
        Goal("memory of fit at 1e6x10, share of Snorkel's", tall.memory if tall else math.nan, 0.1),
        Goal("fit at 1e6x10 against L.max()", readings(tall, "fit"), 12),
        Goal("predict_proba at 1e6x10 against L.max()", readings(tall, "predict_proba"), 15),
    ]


def readings(comparison: Comparison | None, measure: str) -> float:
    """Return how many times one ``L.max()`` our time is."""
    if comparison is None:
        return math.nan
    if comparison.ours is None:
        return math.inf
    return getattr(comparison.ours, measure) / comparison.ours.reading


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the geometric mean of the ratios that were measured."""
    known = [r for r in ratios if not math.isnan(r)]
    return math.prod(known) ** (1 / len(known)) if known else math.nan


def least(ratios: Iterable[float]) -> float:
    """Return the least of the ratios that were measured."""
    return min((r for r in ratios if not math.isnan(r)), default=math.nan)


def print_comparisons(comparisons: Sequence[Comparison]) -> None:
    """Print a row for each shape and setting."""
    header = ["shape", "setting", "fit", "predict_proba", "fit MiB", "max |dmu|", "note"]
    rows = [
        [
            c.shape.name,
            c.setting,
            _with_spread(c, "fit"),
            _with_spread(c, "predict_proba"),
            " / ".join(_mebibytes(side) for side in (c.ours, c.snorkel)),
            # other settings learn something else, by intention
            f"{c.difference:.0e}" if c.setting.startswith(SAME_START) else "",
            c.note,
        ]
        for c in comparisons
    ]
    print_table([header, *rows])


def print_steadiness(comparisons: Sequence[Comparison]) -> None:
    """Say on which shapes the machine was too busy for a verdict."""
    shaken = dict.fromkeys(c.shape.name for c in comparisons if c.unsteady)
    if shaken:
        print(f"\nUnsteady, so repeat on an idle machine or with --threads 1: {', '.join(shaken)}")


def _with_spread(comparison: Comparison, measure: str) -> str:
    ratio = cell(getattr(comparison, measure), "x")
    low, high = comparison.spread(measure)
    return ratio if math.isnan(low) else f"{ratio} ({low:.3g} to {high:.3g})"


def _mebibytes(side: Measurement | None) -> str:
    return "-" if side is None else f"{side.fit_bytes / MIB:.1f}"


def write_csv(path: Path, comparisons: Sequence[Comparison], goals: Sequence[Goal]) -> None:
    """Write every ratio and every goal, one a line."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "setting", "measure", "value", "wanted", "verdict", "note"])
        for c in comparisons:
            note = "; ".join(filter(None, (c.note, "unsteady" if c.unsteady else "")))
            for measure in ("fit", "predict_proba", "memory", "difference"):
                row = [c.shape.name, c.setting, measure, f"{getattr(c, measure):.4g}"]
                writer.writerow([*row, "", "", note])
        for g in goals:
            writer.writerow(["goal", "", g.name, f"{g.measured:.4g}", g.bound, g.verdict, g.note])


def draw(path: Path, comparisons: Sequence[Comparison]) -> None:
    """Draw the ratios of the runs with Snorkel's start as bars."""
    from matplotlib.figure import Figure

    same = [c for c in comparisons if c.setting == SAME_START and c.ours and c.snorkel]
    places = np.arange(len(same))[::-1]
    figure = Figure(figsize=(8, 1 + 0.5 * len(same)), layout="constrained")
    axes = figure.subplots()
    for measure, offset in (("fit", 0.2), ("predict_proba", -0.2)):
        ratios = [getattr(c, measure) for c in same]
        bars = axes.barh(places + offset, ratios, height=0.38, label=measure)
        axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.margins(x=0.1)
    axes.set_yticks(places, [c.shape.name for c in same])
    axes.set_xlabel("times faster than Snorkel 0.10.0")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.15), ncols=2, frameon=False)
    figure.savefig(path, dpi=120)
