"""Plot of the quality benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .methods import DEFAULT, GOLD, OURS, PRIOR
from .summary import Report

PANELS = {
    "votes only": (DEFAULT, "Dawid-Skene", "Snorkel", "ck DS", "ck GLAD", "ck MACE"),
    "class prior or 50 gold labels": (PRIOR, GOLD, "Snorkel prior"),
}
COLOURS = {
    DEFAULT: "C0",
    PRIOR: "C0",
    GOLD: "C2",
    "Dawid-Skene": "C9",
    "Snorkel": "C3",
    "Snorkel prior": "C3",
    "ck DS": "C1",
    "ck GLAD": "C4",
    "ck MACE": "C5",
}


def draw(path: Path, report: Report) -> None:
    """Draw points over majority vote, a row for each set, a colour for each method."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 1.8 + 0.32 * len(report.sets)), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (title, methods) in zip(panels, PANELS.items(), strict=True):
        _draw_panel(axes, report, [method for method in methods if method in report.methods])
        axes.set_title(title, pad=46)
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
            zorder=2 if ours else 3,
        )
    axes.set_xscale("symlog", linthresh=5, linscale=1)  # a few sets are far away
    axes.set_xlim(-100, 100)
    ticks = [-40, -10, -5, -2, 0, 2, 5, 10, 40]
    axes.set_xticks(ticks, [f"{tick:+d}" if tick else "0" for tick in ticks], minor=False)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.grid(axis="both", linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("points over majority vote")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
