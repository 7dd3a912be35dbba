"""Tables that draw themselves: a row's explanation, and the summary of labeling functions.

They are DataFrames in all else. What is computed from one is an ordinary DataFrame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .._report.parts import Evidence
from . import figures as fig
from .markup import details, element, name, table, text
from .page import CLASSES
from .sections import GOLD_LANE, evidence_table, gold_marks, legend_item, share_text
from .style import style

PRIOR, END_MODEL = "class prior", "end model"
BAR, MOST_DRAWN = 12, 60


class Explanation(pd.DataFrame):
    """Why a row got its label: a bar for each vote."""

    def _sides(self) -> tuple[Any, Any, np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
        """The label, the class that is next, the classes' probabilities, and each line's weight for the label."""
        # By place: taken by name, classes that are booleans would be a mask, and one may be called "vote".
        classes = self.columns[1:].tolist()
        if len(classes) < 2:
            return None
        added = self.iloc[:, 1:].to_numpy(dtype=np.float64)
        # What a classifier makes of the record is no part of what its votes add up to.
        n_votes = len(self) - (self.index[-1] == END_MODEL)
        total = added[:n_votes].sum(axis=0)
        proba = np.exp(total - total.max())
        label, rival = np.argsort(-proba, kind="stable")[:2]
        weight = added[:, label] - added[:, rival]
        return classes[label], classes[rival], (proba / proba.sum())[[label, rival]], weight

    def __repr__(self) -> str:
        sides = self._sides()
        plain = pd.DataFrame(self)
        if sides is None:
            return repr(plain)
        label, rival, _, weight = sides
        largest = np.abs(weight).max(initial=0.0) or 1.0
        bars = [_diverging(each / largest) for each in weight]
        column = f"for {rival} | for {label}"
        return plain.assign(**{column: bars}).to_string(float_format="{:.2f}".format)

    def _repr_html_(self) -> str:
        sides = self._sides()
        if sides is None:
            return pd.DataFrame(self).to_html()
        label, rival, p, weight = sides
        evidence = tuple(
            Evidence(None if lf == PRIOR and vote is None else lf, vote, float(each))
            for lf, vote, each in zip(
                self.index.tolist(), self.iloc[:, 0].tolist(), weight, strict=True
            )
        )
        title = f"{name(label)} {p[0]:.1%}, {name(rival)} {p[1]:.1%}"
        shown = f'<p class="slm-subtitle">{title}</p>{evidence_table(evidence, label, rival)}'
        return _with_table(shown, self)


class Summary(pd.DataFrame):
    """What every labeling function does: bars for how often it votes, and marks for how often it is right."""

    def __repr__(self) -> str:
        plain = pd.DataFrame(self)
        if "coverage" not in self or not len(self):
            return repr(plain)
        bars = ["█" * round(BAR * share) or "|" * bool(share) for share in self["coverage"]]
        return plain.assign(votes_in=bars).to_string(
            float_format="{:.2f}".format, max_rows=MOST_DRAWN
        )

    def _repr_html_(self) -> str:
        legend = [
            (fig.bar(1.0, "slm-alone"), "no other LF votes"),
            (fig.bar(1.0, "slm-fill"), "others agree"),
            (fig.bar(1.0, "slm-against"), "some other disagrees"),
        ]
        if "learned_accuracy" in self:
            legend.append((fig.diamond(0.5, "slm-learned"), "learned"))
        if "correct" in self:
            shape = fig.interval(0, 1, "slm-goldspan") + fig.square(0.5, "slm-gold")
            legend.append((shape, "on gold labels, with its 95% interval"))
        rows = [_summary_row(lf) for lf in self.head(MOST_DRAWN).itertuples()]
        scale = '<span class="slm-scale"><span>0%</span><span>50%</span><span>100%</span></span>'
        head = [
            "LF",
            "Votes for",
            f"Right, of its votes {scale}",
            f"Of all rows {scale}",
            "Votes in",
        ]
        hidden = len(self) - MOST_DRAWN
        more = f'<p class="slm-muted">{hidden:,} LFs more are not drawn.</p>' if hidden > 0 else ""
        shown = element("ul", "".join(map(legend_item, legend)), class_="slm-legend")
        shown += table(head, rows, "Labeling functions", "slm-chart slm-summary") + more
        return _with_table(shown, self)


def _with_table(shown: str, frame: pd.DataFrame) -> str:
    """A picture, with the numbers to unfold."""
    head = ["LF", *map(name, frame.columns)]
    lines = [
        [name(line[0]), *map(_cell, line[1:])]
        for line in frame.head(MOST_DRAWN).itertuples(name=None)
    ]
    numbers = details("All numbers", table(head, lines, "All numbers"))
    return element("div", style(False) + shown + numbers, class_=CLASSES)


def _cell(value: object) -> str:
    """A value of a table."""
    if isinstance(value, float):
        return f'<td class="slm-number">{"" if np.isnan(value) else f"{value:.3f}"}</td>'
    return "" if value is None else name(value)


def _summary_row(lf: Any) -> list[str]:
    has_gold = hasattr(lf, "correct") and lf.correct + lf.incorrect > 0
    height = fig.HEIGHT + GOLD_LANE * has_gold
    shapes, said = fig.grid(height), []
    if not np.isnan(getattr(lf, "learned_accuracy", np.nan)):
        shapes.append(fig.diamond(lf.learned_accuracy, "slm-learned"))
        said.append(f"learned {lf.learned_accuracy:.0%}")
    if has_gold:
        shapes += gold_marks(lf.correct, lf.incorrect)
        said.append(f"on gold labels {lf.empirical_accuracy:.0%}")
    ends = [
        lf.coverage,
        lf.coverage - lf.conflicts,
        lf.coverage - lf.overlaps,
    ]
    kinds = ["slm-against", "slm-fill", "slm-alone"]
    cover = [
        *fig.grid(height),
        *(fig.bar(end, kind) for end, kind in zip(ends, kinds, strict=True)),
    ]
    conflicts = f"some other disagrees in {lf.conflicts:.0%} of the rows"
    votes = ", ".join(map(name, lf.polarity[:8])) + (" ..." if len(lf.polarity) > 8 else "")
    return [
        name(lf.Index),
        votes or text("nothing"),
        f"<td>{fig.drawing(shapes, '; '.join(said) or 'nothing known', height)}</td>",
        f"<td>{fig.drawing(cover, conflicts, height)}</td>",
        f'<td class="slm-number">{share_text(lf.coverage)}</td>',
    ]


def _diverging(share: float) -> str:
    """A bar of characters to the right of the middle, or to the left below zero."""
    length = round(BAR * abs(share))
    left, right = ("", "█" * length) if share >= 0 else ("█" * length, "")
    return f"{left:>{BAR}}|{right:<{BAR}}"
