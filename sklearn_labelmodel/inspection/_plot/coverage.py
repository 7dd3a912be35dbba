"""How often labeling functions vote, and how the label model was trained."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..._votes.codes import Votes, no_gold
from .._fitted import FittedModel, check_label_model
from .._lf_counts import count_lfs, lf_names
from .base import Display, VotesDisplay, legend_above, lfs_downwards, write_in_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LFCoverageDisplay(VotesDisplay):
    """Bars of how often each labeling function (LF) votes: alone, with others, and against others.

    Make it with `from_votes` or `from_estimator`.

    Parameters
    ----------
    coverage, overlaps, conflicts : array-like of shape (n_lfs,)
        Shares of all rows, in [0, 1], as in `lf_summary`.
    lf_names : list of length n_lfs

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import LFCoverageDisplay
    >>> LFCoverageDisplay.from_votes([[1, 1], [-1, 0], [0, 1]])  # doctest: +SKIP
    """

    def __init__(
        self,
        coverage: ArrayLike,
        overlaps: ArrayLike,
        conflicts: ArrayLike,
        lf_names: list[Hashable],
    ):
        self.coverage = np.asarray(coverage, dtype=np.float64)
        self.overlaps = np.asarray(overlaps, dtype=np.float64)
        self.conflicts = np.asarray(conflicts, dtype=np.float64)
        self.lf_names = list(lf_names)

    @classmethod
    def _of(cls, votes: Votes, label_model: FittedModel | None = None) -> Self:
        counts = count_lfs(votes, no_gold(votes.n_samples), label_model)
        n = votes.n_samples
        return cls(counts.votes / n, counts.overlaps / n, counts.conflicts / n, lf_names(votes))

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw a bar for each LF, the first on top.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure, larger for more LFs.

        Returns
        -------
        display : LFCoverageDisplay

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        ax = self._axes_for_lines(ax, self.lf_names, 0.24)
        parts = {
            "no other LF votes": (self.coverage - self.overlaps, "tab:grey"),
            "others agree": (self.overlaps - self.conflicts, "tab:blue"),
            "some other disagrees": (self.conflicts, "tab:orange"),
        }
        left = np.zeros_like(self.coverage)
        for label, (share, color) in parts.items():
            ax.barh(range(len(share)), share, left=left, color=color, label=label)
            left = left + share
        lfs_downwards(ax, self.lf_names)
        ax.set_xlim(left=0.0)
        ax.set_xlabel("coverage: share of rows in which the LF votes")
        ax.grid(axis="x", alpha=0.3)
        ax.set_axisbelow(True)
        legend_above(ax, 3)
        for line in np.flatnonzero(self.coverage == 0):
            write_in_line(ax, int(line), "no votes")
        return self


class LossCurveDisplay(Display):
    """The loss of a label model over the epochs of its training.

    Make it with `from_estimator`.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs,)
        The loss that each epoch started from.
    final_loss : float, default=None
        The loss after the last epoch.
    name : str, default=None
        For the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import LossCurveDisplay
    >>> LossCurveDisplay.from_estimator(label_model)  # doctest: +SKIP
    """

    line_: Any

    def __init__(
        self, loss_curve: ArrayLike, final_loss: float | None = None, name: str | None = None
    ):
        self.loss_curve = np.asarray(loss_curve, dtype=np.float64)
        self.final_loss = final_loss
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        label_model: FittedModel,
        *,
        name: str | None = None,
        ax: Axes | None = None,
        **line_params: Any,
    ) -> LossCurveDisplay:
        """Draw the loss curve of a fitted label model.

        Parameters
        ----------
        label_model : LabelModelClassifier
            A fitted label model.
        name : str, default=None
            For the legend, to compare several on one `ax`.
        ax : matplotlib Axes, default=None
        **line_params : dict
            Passed on to matplotlib's `plot`.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        TypeError
            The model has no loss curve.
        """
        model: Any = check_label_model(label_model)
        if not hasattr(model, "loss_curve_"):
            raise TypeError(f"{type(model).__name__} has no loss curve (no `loss_curve_`).")
        return cls(model.loss_curve_, model.loss_, name).plot(ax, **line_params)

    def plot(self, ax: Axes | None = None, **line_params: Any) -> LossCurveDisplay:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        **line_params : dict
            Passed on to matplotlib's `plot`.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        ax = self._axes(ax, 6.0, 4.0)
        losses = self.loss_curve
        if self.final_loss is not None:
            losses = np.append(losses, self.final_loss)
        style = {"label": self.name} | line_params
        if len(losses) == 1:
            style = {"marker": "o"} | style
        (self.line_,) = ax.plot(np.arange(len(losses)), losses, **style)
        ax.set_xlabel("epochs trained")
        ax.set_ylabel("loss")
        ax.locator_params(axis="x", integer=True)
        ax.grid(visible=True, alpha=0.3)
        if style["label"] is not None:
            for text in ax.legend().get_texts():
                text.set_parse_math(False)
        return self
