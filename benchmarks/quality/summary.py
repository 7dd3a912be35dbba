"""Means of methods over sets, and the goals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from ..tables import Goal
from .methods import DEFAULT, GOLD, OURS, PEERS, PRIOR, Ranking, Result
from .metrics import Scores
from .sets import RealSet

POINT = 0.01
WORSE_SHARE = 1 / 39


@dataclass(frozen=True)
class Summary:
    """Means of a method over the sets that it did; NaN where there are none."""

    method: str
    n_sets: int
    gain: float
    gain_new_rows: float
    gain_same_rows: float
    worse: list[str]
    worse_than_default: list[str]
    scores: Scores


@dataclass(frozen=True)
class Report:
    """All results and rankings of a run."""

    results: list[Result]
    rankings: list[Ranking]

    @cached_property
    def sets(self) -> list[RealSet]:
        """The sets, in the order of the run."""
        return list({result.data.name: result.data for result in self.results}.values())

    @cached_property
    def methods(self) -> list[str]:
        """The methods that were run."""
        run = {result.method for result in self.results}
        return [method for method in (*OURS, *PEERS) if method in run]

    @cached_property
    def by_method(self) -> dict[str, dict[str, Result]]:
        """Results that did not fail, by method and name of the set."""
        found: dict[str, dict[str, Result]] = {method: {} for method in self.methods}
        for result in self.results:
            if result.scores is not None:
                found[result.method][result.data.name] = result
        return found

    def summary(self, method: str) -> Summary:
        """Return a method's means."""
        done = list(self.by_method.get(method, {}).values())
        means = [mean(getattr(r.scores, f.name) for r in done) for f in fields(Scores)]
        return Summary(
            method=method,
            n_sets=len(done),
            gain=mean(r.gain for r in done),
            gain_new_rows=mean(r.gain for r in done if not r.data.same_rows),
            gain_same_rows=mean(r.gain for r in done if r.data.same_rows),
            worse=[r.data.name for r in done if r.gain < -POINT],
            worse_than_default=[r.data.name for r in done if r.over_default < -POINT],
            scores=Scores(*means),
        )

    def over_peers(self, measure: str, method: str = DEFAULT) -> tuple[float, str]:
        """Return a measure minus that of the peer with the lowest, and which peer that is.

        Means are over the sets that both did; peers that know the class prior are left out.
        """
        differences = {
            peer: mean(
                getattr(ours.scores, measure) - getattr(theirs[name].scores, measure)
                for name, ours in self.by_method.get(method, {}).items()
                if name in theirs
            )
            for peer in PEERS
            if peer != "Snorkel prior" and (theirs := self.by_method.get(peer))
        }
        if not differences:
            return math.nan, ""
        peer = max(differences, key=lambda peer: differences[peer])
        return differences[peer], f"against {peer}"


def mean(values: Iterable[float]) -> float:
    """Return the mean of the values that are not NaN, NaN where there is none."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def quality_goals(report: Report) -> list[Goal]:
    """Return the goals as measured."""
    default, prior, gold = (report.summary(method) for method in (DEFAULT, PRIOR, GOLD))
    worse = len(default.worse) / default.n_sets if default.n_sets else math.inf
    harmed = len(gold.worse_than_default) if gold.n_sets else math.inf
    log_loss, log_loss_peer = report.over_peers("log_loss")
    ece, ece_peer = report.over_peers("ece")
    over = "points over majority vote"
    return [
        Goal(f"{DEFAULT}: {over}", _in_points(default.gain), 3, at_least=True, unit=""),
        Goal(
            f"{DEFAULT}: share of sets over a point worse than majority vote",
            worse,
            WORSE_SHARE,
            unit="",
            note=counted(default.worse, default.n_sets),
        ),
        Goal(f"{PRIOR}: {over}", _in_points(prior.gain), 7, at_least=True, unit=""),
        Goal(f"{GOLD}: {over}", _in_points(gold.gain), 8, at_least=True, unit=""),
        Goal(
            f"{GOLD}: sets over a point worse than {DEFAULT}",
            harmed,
            0,
            unit="",
            note=counted(gold.worse_than_default, gold.n_sets),
        ),
        Goal(
            f"{DEFAULT}: log loss minus the best peer's", log_loss, 0, unit="", note=log_loss_peer
        ),
        Goal(f"{DEFAULT}: ECE minus the best peer's", ece, 0, unit="", note=ece_peer),
    ]


def _in_points(gain: float) -> float:
    return -math.inf if math.isnan(gain) else 100 * gain


def counted(names: Sequence[str], n_sets: int) -> str:
    """Return how many sets these are, and their names."""
    return f"{len(names)} of {n_sets}" + (f": {', '.join(names)}" if names else "")
