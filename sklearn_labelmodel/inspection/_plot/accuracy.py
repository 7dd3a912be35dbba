"""Accuracies of labeling functions: learned, estimated from the votes, and measured."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._utils import quoted
from ..._votes.codes import GoldLabels, Votes
from .._fitted import FittedModel, learned_accuracies
from .._lf_counts import count_lfs, lf_names, read_inspected
from .._report.parts import wilson_intervals
from .base import Display, legend_above, lfs_downwards, write_in_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..._utils.types import LabelsLike, Marker, ScoreColumns, VoteMatrix


# How far marks are from the middle of their LF's line.
LANE = 0.16


class LFAccuracyDisplay(Display):
    """Accuracy of each labeling function (LF): learned, against measured on gold labels or estimated from the votes.

    Make it with `from_votes` or `from_estimator`. Accuracy is P(vote is right | LF votes).

    Parameters
    ----------
    lf_names : list of length n_lfs
    correct, incorrect : array-like of shape (n_lfs,), default=None
        Votes on rows with a gold label that are right, and wrong.
    learned : array-like of shape (n_lfs,), default=None
        Learned accuracies, in [0, 1].
    confidence : float, default=0.95
        In (0, 1): that of the Wilson intervals around the measured accuracies.
    estimated : array-like of shape (n_lfs, 3), default=None
        Accuracies estimated from the votes alone, and the ends of their 95% intervals, as in the fit report; NaN
        where the votes do not tell.

    Attributes
    ----------
    empirical : ndarray of shape (n_lfs,) or None
        Measured accuracies; NaN for an LF that votes on no row with a gold label.
    intervals : ndarray of shape (n_lfs, 2) or None
        Their intervals, in [0, 1].
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import LFAccuracyDisplay
    >>> display = LFAccuracyDisplay(["link", "short"], correct=[9, 5], incorrect=[1, 5])
    >>> display.intervals.round(2)
    array([[0.6 , 0.98],
           [0.24, 0.76]])
    """

    def __init__(
        self,
        lf_names: list[Hashable],
        *,
        correct: ArrayLike | None = None,
        incorrect: ArrayLike | None = None,
        learned: ArrayLike | None = None,
        confidence: float = 0.95,
        estimated: ArrayLike | None = None,
    ):
        self.estimated = None if estimated is None else np.asarray(estimated, dtype=np.float64)
        self.lf_names = list(lf_names)
        self.learned = None if learned is None else np.asarray(learned, dtype=np.float64)
        self.confidence = confidence
        self.empirical: NDArray[np.float64] | None = None
        self.intervals: NDArray[np.float64] | None = None
        if correct is not None and incorrect is not None:
            right = np.asarray(correct, dtype=np.float64)
            trials = right + np.asarray(incorrect, dtype=np.float64)
            self.intervals = wilson_intervals(right, trials, confidence)
            with np.errstate(invalid="ignore"):
                self.empirical = right / trials

    @classmethod
    def from_votes(
        cls,
        L: VoteMatrix,
        y: LabelsLike | None,
        *,
        abstain: Marker = -1,
        scores: ScoreColumns | None = None,
        confidence: float = 0.95,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> LFAccuracyDisplay:
        """Measure accuracies on gold labels and draw them.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, as `LabelModelClassifier.fit` takes them.
        y : array-like of shape (n_samples,)
            Gold labels of all or some rows; -1 or a missing value marks a row without one.
        abstain : int, float, str or None, default=-1
            The vote that means "no vote", as every missing value does.
        scores : "all", list or mask of columns, or dict of column to class, default=None
            Columns of L that hold scores, as in `LabelModelClassifier`; a score is shown as a vote for the class that
            its rank leans to.
        confidence : float, default=0.95
            In (0, 1), of the intervals.
        ax : matplotlib Axes, default=None
        **plot_params : dict
            Passed on to `plot`.

        Returns
        -------
        display : LFAccuracyDisplay
        """
        votes, gold = read_inspected(L, y, abstain=abstain, scores=scores)
        measured = cls._measured(votes, gold, None, confidence)
        return cls(lf_names(votes), **measured).plot(ax, **plot_params)

    @classmethod
    def from_estimator(
        cls,
        label_model: FittedModel,
        L: VoteMatrix,
        y: LabelsLike | None = None,
        *,
        confidence: float = 0.95,
        ax: Axes | None = None,
        **plot_params: Any,
    ) -> LFAccuracyDisplay:
        """Draw the accuracies that a label model has learned, beside measured ones, or estimates where none are known.

        Parameters
        ----------
        label_model : LabelModelClassifier
            A fitted label model.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, as in its `fit`.
        y : array-like of shape (n_samples,), default=None
            Gold labels of all or some rows; -1 or a missing value marks a row without one.
        confidence : float, default=0.95
            In (0, 1), of the intervals.
        ax : matplotlib Axes, default=None
        **plot_params : dict
            Passed on to `plot`.

        Returns
        -------
        display : LFAccuracyDisplay
        """
        votes, gold = read_inspected(L, y, label_model)
        if y is not None:
            known = cls._measured(votes, gold, label_model, confidence)
        else:
            known = {"estimated": label_model.report(L).lfs[["accuracy", "low", "high"]]}
        learned = learned_accuracies(label_model.vote_model_)
        return cls(lf_names(votes), learned=learned, **known).plot(ax, **plot_params)

    @staticmethod
    def _measured(
        votes: Votes, gold: GoldLabels, label_model: FittedModel | None, confidence: float
    ) -> dict[str, Any]:
        """What gold labels say of the accuracies."""
        counts = count_lfs(votes, gold, label_model)
        return {"correct": counts.correct, "incorrect": counts.incorrect, "confidence": confidence}

    def plot(self, ax: Axes | None = None, *, order: str = "accuracy") -> LFAccuracyDisplay:
        """Draw a line for each LF.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure, larger for more LFs.
        order : {"accuracy", "columns"}, default="accuracy"
            The most accurate LF on top (as measured, else as estimated, else as learned), or the first column.

        Returns
        -------
        display : LFAccuracyDisplay

        Raises
        ------
        ValueError
            Another order.
        ImportError
            matplotlib is not installed.
        """
        if order not in ("accuracy", "columns"):
            raise ValueError(f"order is {quoted(order)}; it must be 'accuracy' or 'columns'.")
        ax = self._axes_for_lines(ax, self.lf_names, 0.32)
        known = self._best_known()
        lfs = np.arange(len(known))
        if order == "accuracy":
            lfs = np.argsort(-np.nan_to_num(known, nan=-1.0), kind="stable")
        lines = np.argsort(lfs).astype(np.float64)
        # Marks lie in lanes of their own, so that none hides another.
        if self.estimated is not None:
            label = "estimated from the votes (95% interval)"
            self._draw(self.estimated, lines + LANE, fmt="s", color="tab:green", label=label)
        if self.empirical is not None and self.intervals is not None:
            label = f"measured on gold labels ({self.confidence:.0%} interval)"
            measured = np.column_stack([self.empirical, self.intervals])
            self._draw(measured, lines + LANE, fmt="o", color="tab:blue", label=label)
        if self.learned is not None:
            alone = self.estimated is None and self.empirical is None
            lane = lines if alone else lines - LANE
            ax.plot(self.learned, lane, "D", color="tab:orange", markersize=5, label="learned")
        lfs_downwards(ax, [self.lf_names[j] for j in lfs])
        ax.set_xlim(-0.02, 1.02)
        ax.set_xlabel("accuracy: P(vote is right | LF votes)")
        ax.grid(axis="both", alpha=0.3)
        legend_above(ax, 2)
        for j in np.flatnonzero(np.isnan(known)):
            write_in_line(ax, int(lines[j]), "no votes")
        return self

    def _draw(self, known: NDArray[Any], lines: NDArray[Any], **style: Any) -> None:
        """Accuracies with the ends of their intervals, shape (n_lfs, 3), of the LFs that have one."""
        has = np.flatnonzero(~np.isnan(known[:, 0]))
        centre, low, high = known[has].T
        # Rounding can put an end on the wrong side of an accuracy of 0 or 1.
        spread = np.maximum([centre - low, high - centre], 0.0)
        self.ax_.errorbar(centre, lines[has], xerr=spread, markersize=5, capsize=3, **style)

    def _best_known(self) -> NDArray[np.float64]:
        """Accuracy of each LF, as measured, else as estimated, else as learned; NaN where there is nothing to draw."""
        estimated = None if self.estimated is None else self.estimated[:, 0]
        known = np.full(len(self.lf_names), np.nan)
        for accuracies in (self.empirical, estimated, self.learned):
            if accuracies is not None:
                known = np.where(np.isnan(known), accuracies, known)
        return known
