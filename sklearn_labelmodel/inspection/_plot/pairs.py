"""Heat maps of pairs of labeling functions."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..._votes.codes import Votes
from .._fitted import FittedModel
from .._lf_counts import lf_names, pair_shares
from .base import MANY_LFS, VotesDisplay, as_written, inches_for, inches_for_names, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# How dark cells of LFs that share no row are, in [0, 1].
GREY = 0.25


class PairDisplay(VotesDisplay):
    """A heat map of shares in [0, 1], one row and one column for each LF."""

    title: str
    colorbar_label: str

    def __init__(self, shares: ArrayLike, lf_names: list[Hashable]):
        self.shares = np.asarray(shares, dtype=np.float64)
        self.lf_names = list(lf_names)

    def plot(self, ax: Axes | None = None, *, cmap: Any = "viridis", colorbar: bool = True) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure, larger for more LFs.
        cmap : str or matplotlib Colormap, default="viridis"
        colorbar : bool, default=True

        Returns
        -------
        self : the display
            With attributes ax_ and figure_. Up to 12 LFs, the cells carry their numbers too.

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        n_lfs = len(self.shares)
        side = inches_for(n_lfs, 0.42 if n_lfs <= MANY_LFS else 0.2)
        names = inches_for_names(self.lf_names)
        ax = self._axes(ax, side + names + 1.6, side + names + 1.0)
        # Not 1: small shares would all look the same.
        highest = float(np.nanmax(self.shares, initial=0.0)) or 1.0
        image = ax.imshow(self.shares, cmap=cmap, vmin=0.0, vmax=highest)
        title, apart = self.title, np.isnan(self.shares) & ~np.eye(n_lfs, dtype=bool)
        if apart.any():
            title += " (grey: no common row)"
            ax.imshow(np.where(apart, GREY, np.nan), cmap="Greys", vmin=0.0, vmax=1.0)
        labels = shortened(self.lf_names)
        ax.set_xticks(range(n_lfs), labels, rotation=90, **as_written(n_lfs))
        ax.set_yticks(range(n_lfs), labels, **as_written(n_lfs))
        # Centred, a title would leave the figure where there are few LFs.
        ax.set_title(title, loc="right", fontsize="medium")
        if colorbar:
            self.figure_.colorbar(image, ax=ax, label=self.colorbar_label)
        if n_lfs <= MANY_LFS:
            self._write_numbers(image)
        return self

    def _write_numbers(self, image: Any) -> None:
        for (row, column), share in np.ndenumerate(self.shares):
            if np.isnan(share):
                continue
            red, green, blue, _ = image.cmap(image.norm(share))
            bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
            self.ax_.text(
                column,
                row,
                f"{share:.2f}".replace("0.", ".", 1),
                ha="center",
                va="center",
                fontsize=8,
                color="black" if bright else "white",
            )


class LFOverlapDisplay(PairDisplay):
    """Heat map of how often two labeling functions (LFs) vote on the same row.

    Make it with `from_votes` or `from_estimator`.

    Parameters
    ----------
    shares : array-like of shape (n_lfs, n_lfs)
        Share of all rows, in [0, 1], in which both vote; on the diagonal the coverage.
    lf_names : list of length n_lfs

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import LFOverlapDisplay
    >>> LFOverlapDisplay.from_votes([[1, 1], [-1, 0], [0, 1]])  # doctest: +SKIP
    """

    title = "LF overlap (diagonal: coverage)"
    colorbar_label = "share of rows with both votes"

    @classmethod
    def _of(cls, votes: Votes, label_model: FittedModel | None = None) -> Self:
        overlap, _ = pair_shares(votes, label_model)
        return cls(overlap, lf_names(votes))


class LFConflictDisplay(PairDisplay):
    """Heat map of how often two labeling functions (LFs) disagree where both vote.

    Make it with `from_votes` or `from_estimator`. A row and column of high shares is an LF at odds with the others; two
    LFs that never disagree may be copies. Two LFs that only ever vote for one class always agree or never: of these the
    fit report tells how often they meet.

    Parameters
    ----------
    shares : array-like of shape (n_lfs, n_lfs)
        Of the rows in which both vote, the share, in [0, 1], in which they vote differently; NaN on the diagonal (which
        is left white) and for LFs that share no row (drawn grey).
    lf_names : list of length n_lfs

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn_labelmodel.inspection import LFConflictDisplay
    >>> LFConflictDisplay.from_votes([[1, 1], [-1, 0], [0, 1]])  # doctest: +SKIP
    """

    title = "LF conflict"
    colorbar_label = "share of common rows that differ"

    @classmethod
    def _of(cls, votes: Votes, label_model: FittedModel | None = None) -> Self:
        overlap, conflict = pair_shares(votes, label_model)
        with np.errstate(invalid="ignore"):
            rates = conflict / overlap
        np.fill_diagonal(rates, np.nan)
        return cls(rates, lf_names(votes))
