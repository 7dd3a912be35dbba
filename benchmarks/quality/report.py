"""Tables and CSV files of the quality benchmark."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from ..tables import print_goals, print_table
from .methods import BASELINE, GRID, MEANING, Ranking, Result
from .metrics import Scores
from .summary import Report, counted, mean, quality_goals

Table = list[list[str]]

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


def _gain(result: Result | None) -> str:
    return "failed" if result is None else points(result.gain)


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
    # An empty first cell would continue the row above, and a lone dash begins a list.
    escaped = [[{"": r"\ ", "-": r"\-"}.get(cell, cell) for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*escaped, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in escaped]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


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
            note = f"worse: {counted(means.worse, means.n_sets)}"
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
