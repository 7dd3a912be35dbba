"""Tables, goals, CSV files and plot of the quality benchmark."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from quality_methods import (
    BASELINE,
    DEFAULT,
    GOLD,
    GRID,
    MEANING,
    OURS,
    PEERS,
    PRIOR,
    Ranking,
    Result,
)
from quality_metrics import Scores
from quality_sets import RealSet
from report import Goal, print_goals, print_table

Table = list[list[str]]

POINT = 0.01
WORSE_SHARE = 1 / 39
MEAN_COLUMNS = (
    "method",
    "sets",
    "accuracy",
    "points over majority vote",
    "new rows",
    "same rows",
    "worse",
    "worse than default",
    "covered",
    "macro F1",
    "log loss",
    "ECE",
)
PANELS = {
    "votes only": (DEFAULT, "Dawid-Skene", "Snorkel", "ck DS", "ck GLAD", "ck MACE"),
    "class prior or 50 gold labels": (PRIOR, GOLD, "Snorkel prior"),
}
COLOURS = {
    DEFAULT: "C0",
    PRIOR: "C0",
    "Dawid-Skene": "C9",
    GOLD: "C2",
    "ck DS": "C1",
    "ck GLAD": "C4",
} | {
    "Snorkel": "C3",
    "Snorkel prior": "C3",
    "ck MACE": "C5",
}


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


# Tables -------------------------------------------------------------------------------------------


def set_table(report: Report) -> Table:
    """Return each method's points over majority vote on each set."""
    others = [method for method in report.methods if method != BASELINE]
    table = [["set", "classes", BASELINE, *others]]
    for data in report.sets:
        base = report.by_method[BASELINE].get(data.name)
        accuracy = percent(base.scores.accuracy) if base and base.scores else "failed"
        gains = [_gain(report.by_method[method].get(data.name)) for method in others]
        table.append([data.name, str(data.n_classes), accuracy, *gains])
    return table


def mean_table(report: Report) -> Table:
    """Return each method's means."""
    table = [list(MEAN_COLUMNS)]
    for method in report.methods:
        means = report.summary(method)
        scores = means.scores
        row = [
            str(means.n_sets),
            percent(scores.accuracy),
            points(means.gain),
            points(means.gain_new_rows),
            points(means.gain_same_rows),
            str(len(means.worse)),
            str(len(means.worse_than_default)),
            percent(scores.covered_accuracy),
            percent(scores.macro_f1),
            f"{scores.log_loss:.3f}",
            percent(scores.ece),
        ]
        table.append([method, *(row if means.n_sets else ["failed", *[""] * (len(row) - 1)])])
    return table


def ranking_table(report: Report) -> Table:
    """Return how score(L) ranks the settings of the grid on each set, and the means."""
    rows = [
        [r.correlation, r.chosen, float(r.accuracy.mean()), float(r.accuracy.max())]
        for r in report.rankings
    ]
    names = [r.name for r in report.rankings] + ["mean"]
    rows.append([mean(column) for column in zip(*rows, strict=True)] if rows else [math.nan] * 4)
    header = ["set", "rank correlation", "chosen by score(L)", "mean of settings", "best by gold"]
    return [header] + [
        [name, "-" if math.isnan(row[0]) else f"{row[0]:+.2f}", *map(percent, row[1:])]
        for name, row in zip(names, rows, strict=True)
    ]


def meaning_table(report: Report) -> Table:
    """Return what the methods' names stand for."""
    return [["method", "what it is"]] + [[m, MEANING[m]] for m in report.methods]


def failure_table(report: Report) -> Table:
    """Return which method failed on which sets, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in report.results:
        if result.scores is None:
            reasons.setdefault((result.method, result.note), []).append(result.data.name)
    n_all = len(report.sets)
    return [["method", "sets", "why"]] + [
        [method, "all" if len(names) == n_all else ", ".join(names), note[:100]]
        for (method, note), names in reasons.items()
    ]


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
            note=_counted(default.worse, default.n_sets),
        ),
        Goal(f"{PRIOR}: {over}", _in_points(prior.gain), 7, at_least=True, unit=""),
        Goal(f"{GOLD}: {over}", _in_points(gold.gain), 8, at_least=True, unit=""),
        Goal(
            f"{GOLD}: sets over a point worse than {DEFAULT}",
            harmed,
            0,
            unit="",
            note=_counted(gold.worse_than_default, gold.n_sets),
        ),
        Goal(
            f"{DEFAULT}: log loss minus the best peer's", log_loss, 0, unit="", note=log_loss_peer
        ),
        Goal(f"{DEFAULT}: ECE minus the best peer's", ece, 0, unit="", note=ece_peer),
    ]


def _gain(result: Result | None) -> str:
    return "failed" if result is None else points(result.gain)


def _in_points(gain: float) -> float:
    return -math.inf if math.isnan(gain) else 100 * gain


def _counted(names: Sequence[str], n_sets: int) -> str:
    return f"{len(names)} of {n_sets}" + (f": {', '.join(names)}" if names else "")


def percent(share: float) -> str:
    """Return a share in [0, 1] as percent."""
    return "-" if math.isnan(share) else f"{100 * share:.1f}"


def points(gain: float) -> str:
    """Return a difference of shares in points."""
    return "-" if math.isnan(gain) else f"{100 * gain:+.1f}"


# Output -------------------------------------------------------------------------------------------


def print_report(report: Report) -> None:
    """Print every table to the terminal."""
    print_table(meaning_table(report))
    print("\nAccuracy of majority vote in percent; of the others, points above it.")
    print_table(set_table(report))
    print("\nMeans over the sets that a method did. Worse: sets over a point below majority vote.")
    print_table(mean_table(report))
    if report.rankings:
        print(f"\nscore(L) of {len(GRID)} settings on held-out rows, against accuracy.")
        print_table(ranking_table(report))
    failures = failure_table(report)
    if len(failures) > 1:
        print_table(failures)
    print_goals(quality_goals(report))


def print_docs(report: Report) -> None:
    """Print the tables of sets and means as reStructuredText."""
    tables = [set_table(report), mean_table(report)]
    tables += [ranking_table(report)] if report.rankings else []
    for table in tables:
        print(rst_table(table) + "\n")


def rst_table(table: Table) -> str:
    """Return a table in reStructuredText's simple form."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join((cell or r"\ ").ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    body = [line.rstrip() for line in lines]
    return "\n".join([rule, body[0], rule, *body[1:], rule])


def write_csv(path: Path, report: Report) -> None:
    """Write every measure of every method on every set, and the means, one line each."""
    measures = [f.name for f in fields(Scores)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        header = ["set", "same_rows", "n_classes", "n_lfs", "n_fit", "n_scored", "method"]
        writer.writerow([*header, *measures, "gain", "over_default", "note"])
        for r in report.results:
            d = r.data
            n_fit, n_lfs = d.fit_rows.L.shape
            about = [d.name, int(d.same_rows), d.n_classes, n_lfs, n_fit, len(d.scored.y), r.method]
            found = _numbers(r.scores, r.gain, r.over_default)
            writer.writerow([*about, *found, r.note])
        for method in report.methods:
            means = report.summary(method)
            over = mean(r.over_default for r in report.by_method[method].values())
            note = f"worse: {_counted(means.worse, means.n_sets)}"
            found = _numbers(means.scores if means.n_sets else None, means.gain, over)
            writer.writerow(["mean", "", "", "", "", "", method, *found, note])


def _numbers(scores: Scores | None, *gains: float) -> list[str]:
    found = [math.nan] * len(fields(Scores)) if scores is None else asdict(scores).values()
    return ["" if math.isnan(value) else f"{value:.5f}" for value in (*found, *gains)]


def write_rankings(path: Path, rankings: Sequence[Ranking]) -> None:
    """Write likelihood and accuracy of every setting of the grid on every set."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["set", *GRID[0], "likelihood", "accuracy"])
        for r in rankings:
            for settings, *found in zip(GRID, r.likelihood, r.accuracy, strict=True):
                writer.writerow([r.name, *settings.values(), *(f"{value:.5f}" for value in found)])


def draw(path: Path, report: Report) -> None:
    """Draw points over majority vote, a row for each set, a colour for each method."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 1.8 + 0.32 * len(report.sets)), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (title, methods) in zip(panels, PANELS.items(), strict=True):
        _draw_panel(axes, report, [method for method in methods if method in report.methods])
        axes.set_title(title, pad=40)
    panels[0].set_yticks(range(len(report.sets)), [data.name for data in report.sets])
    panels[0].invert_yaxis()
    figure.savefig(path, dpi=120)


def _draw_panel(axes: Any, report: Report, methods: Sequence[str]) -> None:
    for method in methods:
        found = report.by_method[method]
        rows = [i for i, data in enumerate(report.sets) if data.name in found]
        gains = [100 * found[report.sets[i].name].gain for i in rows]
        ours = method in OURS
        axes.scatter(
            gains,
            rows,
            s=55 if ours else 28,
            color=COLOURS[method],
            marker="o" if ours else "D",
            label=method,
            alpha=0.85,
            zorder=3 if ours else 2,
        )
    axes.set_xscale("symlog", linthresh=5, linscale=1)  # a few sets are far away
    axes.set_xlim(-60, 60)
    ticks = [-40, -20, -10, -5, -2, 0, 2, 5, 10, 20, 40]
    axes.set_xticks(ticks, [f"{tick:+d}" if tick else "0" for tick in ticks], minor=False)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.grid(axis="both", linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("points over majority vote")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
