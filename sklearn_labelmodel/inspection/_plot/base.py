"""What the displays share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Self

from ..._votes.codes import Votes
from .._fitted import FittedModel
from .._lf_counts import read_inspected

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..._utils.types import Marker, ScoreColumns, VoteMatrix


MANY_LFS = 12
LONGEST_NAME = 40
MOST_INCHES = 30.0
MISSING_MATPLOTLIB = (
    'Displays need matplotlib, which is not installed: pip install "sklearn_labelmodel[plot]".'
)


class Display:
    """A plot that knows its axes and figure once it is drawn."""

    ax_: Axes
    figure_: Any

    def _axes(self, ax: Axes | None, width: float, height: float) -> Axes:
        """The given axes, or those of a new figure of so many inches."""
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError(MISSING_MATPLOTLIB) from None
        if ax is None:
            _, ax = plt.subplots(figsize=(width, height), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        return ax

    def _axes_for_lines(self, ax: Axes | None, names: list[Hashable], each: float) -> Axes:
        """The given axes, or new ones with a line of so many inches for each LF."""
        return self._axes(ax, 5.0 + inches_for_names(names), 0.9 + inches_for(len(names), each))


class VotesDisplay(Display):
    """A plot of what votes alone show."""

    @classmethod
    def from_votes(
        cls,
        L: VoteMatrix,
        *,
        abstain: Marker = -1,
        scores: ScoreColumns | None = None,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> Self:
        """Count votes and draw what they show.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, as `LabelModelClassifier.fit` takes them.
        abstain : int, float, str or None, default=-1
            The vote that means "no vote", as every missing value does.
        scores : "all", list or mask of columns, or dict of column to class, default=None
            Columns of L that hold scores, as in `LabelModelClassifier`; a score is shown as a vote for the class that
            its rank leans to.
        ax : matplotlib Axes, default=None
        **plot_params : dict
            Passed on to `plot`.

        Returns
        -------
        display : the display
        """
        votes, _ = read_inspected(L, abstain=abstain, scores=scores)
        return cls._of(votes).plot(ax, **plot_params)

    @classmethod
    def from_estimator(
        cls, label_model: FittedModel, L: VoteMatrix, *, ax: Axes | None = None, **plot_params: Any
    ) -> Self:
        """As `from_votes`, with the abstain marker and LF names of a fitted label model.

        Parameters
        ----------
        label_model : LabelModelClassifier
            A fitted label model.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        ax : matplotlib Axes, default=None
        **plot_params : dict
            Passed on to `plot`.

        Returns
        -------
        display : the display
        """
        votes, _ = read_inspected(L, label_model=label_model)
        return cls._of(votes, label_model).plot(ax, **plot_params)

    @classmethod
    def _of(cls, votes: Votes, label_model: FittedModel | None = None) -> Self:
        """What there is to draw; a label model may say which votes leave several classes open."""
        raise NotImplementedError

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it, in a new figure where no axes are given."""
        raise NotImplementedError


def inches_for(n_lfs: int, each: float) -> float:
    """Room for so many LFs, and no less than a plot needs."""
    return min(MOST_INCHES, max(2.4, each * n_lfs))


def inches_for_names(names: list[Hashable]) -> float:
    """Room for the longest name."""
    letter = 0.07 if len(names) > MANY_LFS else 0.09
    return letter * max(map(len, shortened(names)), default=0)


def shortened(names: list[Hashable]) -> list[str]:
    """Names as text; of a long one the beginning and the end, and its column where that is not unique."""
    half = (LONGEST_NAME - 1) // 2
    texts = [str(name) for name in names]
    short = [t if len(t) <= LONGEST_NAME else f"{t[:half]}…{t[-half:]}" for t in texts]
    times = Counter(short)
    return [f"{name} [{j}]" if times[name] > 1 else name for j, name in enumerate(short)]


def as_written(n_lfs: int) -> dict[str, Any]:
    """How names are drawn: small where they are many, and dollars as dollars, not as mathematics."""
    return {"parse_math": False} | ({"fontsize": 8} if n_lfs > MANY_LFS else {})


def lfs_downwards(ax: Axes, names: list[Hashable]) -> None:
    """Label the y axis with one LF a line, the first on top."""
    ax.set_yticks(range(len(names)), shortened(names), **as_written(len(names)))
    ax.set_ylim(len(names) - 0.4, -0.6)


def legend_above(ax: Axes, columns: int) -> None:
    """A legend that hides no LF, and may reach over the names' room on the left."""
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        frameon=False,
        borderaxespad=0.2,
        columnspacing=1.2,
    )


def write_in_line(ax: Axes, line: int, text: str) -> None:
    """A remark where an LF has nothing to draw."""
    ax.text(
        0.02, line, text, transform=ax.get_yaxis_transform(), va="center", color="grey", fontsize=8
    )
