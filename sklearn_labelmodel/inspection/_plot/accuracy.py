"""Accuracies of labeling functions, learned and measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ..._utils import quoted
from ..._votes.per_lf import count_per_lf
from .._lf_counts import lf_names as names_of
from .._lf_counts import read_inspected
from .._summary import learned_accuracy
from .base import Display, inches_for, inches_for_names, legend_above, lfs_downwards, write_in_line


class LFAccuracyDisplay(Display):
    """Accuracy of each labeling function (LF): learned against measured on gold labels.

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
        lf_names: list[Any],
        *,
        correct: ArrayLike | None = None,
        incorrect: ArrayLike | None = None,
        learned: ArrayLike | None = None,
        confidence: float = 0.95,
    ):
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
        L: Any,
        y: Any,
        *,
        abstain: Any = -1,
        confidence: float = 0.95,
        ax: Any = None,
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
        confidence : float, default=0.95
            In (0, 1), of the intervals.
        ax : matplotlib Axes, default=None
        **plot_params : dict
            Passed on to `plot`.

        Returns
        -------
        display : LFAccuracyDisplay
        """
        votes, gold = read_inspected(L, y, abstain=abstain)
        counts = count_per_lf(votes, gold)
        display = cls(
            names_of(votes),
            correct=counts.correct,
            incorrect=counts.incorrect,
            confidence=confidence,
        )
        return display.plot(ax, **plot_params)

    @classmethod
    def from_estimator(
        cls,
        label_model: Any,
        L: Any,
        y: Any = None,
        *,
        confidence: float = 0.95,
        ax: Any = None,
        **plot_params: Any,
    ) -> LFAccuracyDisplay:
        """Draw the accuracies that a label model has learned, and with gold labels the measured ones.

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
        learned = learned_accuracy(label_model)
        if y is None:
            return cls(names_of(votes), learned=learned, confidence=confidence).plot(
                ax, **plot_params
            )
        counts = count_per_lf(votes, gold)
        display = cls(
            names_of(votes),
            correct=counts.correct,
            incorrect=counts.incorrect,
            learned=learned,
            confidence=confidence,
        )
        return display.plot(ax, **plot_params)

    def plot(self, ax: Any = None) -> LFAccuracyDisplay:
        """Draw a line for each LF, the first on top.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure, larger for more LFs.

        Returns
        -------
        display : LFAccuracyDisplay

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        n_lfs = len(self.lf_names)
        ax = self._axes(ax, 5.0 + inches_for_names(self.lf_names), 0.9 + inches_for(n_lfs, 0.24))
        lines = np.arange(n_lfs)
        if self.empirical is not None and self.intervals is not None:
            known = np.flatnonzero(~np.isnan(self.empirical))
            low, high = self.intervals[known].T
            centre = self.empirical[known]
            # Rounding can put an end on the wrong side of an accuracy of 0 or 1.
            spread = np.maximum([centre - low, high - centre], 0.0)
            label = f"measured on gold labels ({self.confidence:.0%} interval)"
            ax.errorbar(
                centre, lines[known], xerr=spread, fmt="o", color="tab:blue", capsize=3, label=label
            )
        if self.learned is not None:
            ax.plot(self.learned, lines, "D", color="tab:orange", markersize=5, label="learned")
        lfs_downwards(ax, self.lf_names)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xlabel("accuracy: P(vote is right | LF votes)")
        ax.grid(axis="both", alpha=0.3)
        legend_above(ax, 2)
        for line in np.flatnonzero(self._unknown()):
            write_in_line(ax, int(line), "no votes")
        return self

    def _unknown(self) -> NDArray[np.bool_]:
        """Whether there is nothing to draw for an LF."""
        unknown = np.ones(len(self.lf_names), dtype=bool)
        for accuracies in (self.empirical, self.learned):
            if accuracies is not None:
                unknown &= np.isnan(accuracies)
        return unknown


def wilson_intervals(
    successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> NDArray[np.float64]:
    """Wilson score intervals of binomial proportions.

    Parameters
    ----------
    successes, trials : array-like of shape (n,)
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    intervals : ndarray of shape (n, 2)
        In [0, 1]; [0, 1] without a trial.

    References
    ----------
    E. B. Wilson. Probable Inference, the Law of Succession, and Statistical Inference. Journal of the American
    Statistical Association 22, 1927.
    """
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence is {quoted(confidence)}; it must be between 0 and 1, such as 0.95."
        )
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    z = ndtri(0.5 + confidence / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    tried = np.maximum(n, 1)
    half = z * np.sqrt(k * (n - k) / tried + z**2 / 4) / (n + z**2)
    return np.clip(np.column_stack([centre - half, centre + half]), 0.0, 1.0)
