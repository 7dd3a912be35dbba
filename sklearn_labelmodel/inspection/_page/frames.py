"""Tables that draw themselves: a row's explanation, and the summary of labeling functions.

They are DataFrames in all else. What is computed from one is an ordinary DataFrame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..._votes.codes import Votes
from ..._votes.scores import Scores
from .._report.parts import Evidence
from . import figures as fig
from .markup import details, element, muted, name, number, table, text
from .page import CLASSES
from .sections import GOLD_LEGEND, SCALE, accuracy_picture, evidence_table, legend_of, share_text
from .style import style
from .words import left_out

PRIOR, END_MODEL = "class prior", "end model"
BAR, MOST_DRAWN = 12, 60


class Explanation(pd.DataFrame):
    """Why a row got its label: a bar for each vote."""

    def _sides(self) -> tuple[Any, Any, NDArray[Any], NDArray[Any]] | None:
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
            for (lf, vote, *_), each in zip(self.itertuples(name=None), weight, strict=True)
        )
        title = f"{name(label)} {p[0]:.1%}, {name(rival)} {p[1]:.1%}"
        shown = f'<p class="slm-subtitle">{title}</p>{evidence_table(evidence, label, rival)}'
        return _with_table(shown, self)


def explain_row(
    votes: Votes,
    terms: NDArray[np.float64],
    classes: NDArray[Any],
    names: NDArray[Any] | None = None,
    scored: Scores | None = None,
) -> pd.DataFrame:
    """Explain one row: the class prior, then its votes, the strongest first.

    Parameters
    ----------
    votes : Votes
        Of a single row.
    terms : ndarray of shape (1, n_lfs + 1, n_classes)
        What each vote, and last what is known without them, adds for each class.
    classes : ndarray of shape (n_classes,)
    names : ndarray of shape (n_lfs,), default=None
        LF names; column numbers without them.
    scored : Scores, default=None
        Columns of scores: there, the vote is the range of scores that the row's falls into.

    Returns
    -------
    table : DataFrame
        It shows a bar for each vote, in a notebook and in print; what is computed from it is an ordinary DataFrame.
        Indexed by "class prior" and the names of the LFs that vote. Column "vote" is the vote (None for the prior).
        Then there is a column for each class with the contribution less its mean over the classes: positive speaks for
        the class, negative against it, and differences are log-odds. The softmax of these columns' sums is the
        posterior. LFs that abstain add nothing and are left out; only what the silence of LFs that cast one vote says
        with class_balance given is in the row of the class prior.

    Raises
    ------
    ValueError
        There is more than one row.
    """
    if votes.n_samples != 1:
        raise ValueError(
            f"One row of votes can be explained at a time; got {votes.n_samples}. Pass it as L.iloc[[0]] or L[:1]."
        )
    terms = terms[0] - terms[0].mean(axis=1, keepdims=True)
    codes = votes.block(0, 1)[:, 0]
    strength = np.ptp(terms[:-1], axis=1)
    voters = np.flatnonzero(codes != votes.abstain_code)
    voters = voters[np.argsort(-strength[voters], kind="stable")]
    labels = list(range(votes.n_lfs)) if names is None else np.asarray(names).tolist()
    values = votes.values.tolist()
    index = pd.Index([PRIOR, *(labels[j] for j in voters)], dtype=object, name="lf")
    said = [values[codes[j]] for j in voters]
    if scored is not None:
        said = [scored.words(j, vote) for j, vote in zip(voters.tolist(), said, strict=True)]
    shown = pd.Series([None, *said], index=index, dtype=object)
    table = pd.DataFrame(terms[[-1, *voters]], index=index, columns=classes.tolist())
    return Explanation(pd.concat([shown.rename("vote"), table], axis=1))


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
            legend.append(GOLD_LEGEND)
        rows = [_summary_row(lf) for lf in self.head(MOST_DRAWN).itertuples()]
        head = [
            "LF",
            "Votes for",
            f"Right, of its votes {SCALE}",
            f"Of all rows {SCALE}",
            "Votes in",
        ]
        drawn = table(head, rows, "Labeling functions", "slm-chart slm-summary")
        more = muted(left_out(len(self) - MOST_DRAWN, "LFs more are not drawn"))
        return _with_table(legend_of(legend) + drawn + more, self)


def _with_table(shown: str, frame: pd.DataFrame) -> str:
    """A picture, with the numbers to unfold."""
    head = ["LF", *map(name, frame.columns)]
    lines = [
        [name(lf), *map(_cell, cells)]
        for lf, *cells in frame.head(MOST_DRAWN).itertuples(name=None)
    ]
    numbers = details("All numbers", table(head, lines, "All numbers"))
    return element("div", style(False) + shown + numbers, class_=CLASSES)


def _cell(value: object) -> str:
    """A value of a table."""
    if isinstance(value, float):
        return number("" if np.isnan(value) else f"{value:.3f}")
    return "" if value is None else name(value)


def _summary_row(lf: Any) -> list[str]:
    picture, height = accuracy_picture(lf)
    cover = [
        *fig.grid(height),
        fig.bar(lf.coverage, "slm-against"),
        fig.bar(lf.coverage - lf.conflicts, "slm-fill"),
        fig.bar(lf.coverage - lf.overlaps, "slm-alone"),
    ]
    conflicts = f"some other disagrees in {lf.conflicts:.0%} of the rows"
    votes = ", ".join(map(name, lf.polarity[:8])) + (" ..." if len(lf.polarity) > 8 else "")
    return [
        name(lf.Index),
        votes or text("nothing"),
        f"<td>{picture}</td>",
        f"<td>{fig.drawing(cover, conflicts, height)}</td>",
        number(share_text(lf.coverage)),
    ]


def _diverging(share: float) -> str:
    """A bar of characters to the right of the middle, or to the left below zero."""
    length = round(BAR * abs(share))
    left, right = ("", "█" * length) if share >= 0 else ("█" * length, "")
    return f"{left:>{BAR}}|{right:<{BAR}}"
