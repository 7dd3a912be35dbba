"""What a fit learned, read from the vote model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import VoteModel, conditional_probs

if TYPE_CHECKING:
    from .._learning.observed import KeptCounts
    from .._votes.scores import Scores


class FittedVotes:
    """Attributes of a fitted label model; all are views of `vote_model_` and of what was counted."""

    vote_model_: VoteModel
    _scores: Scores | None
    _kept: KeptCounts

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes, shape (n_classes,)."""
        return self.vote_model_.classes

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """P(Y), shape (n_classes,)."""
        return self.vote_model_.prior.of_all

    @property
    def symbols_(self) -> NDArray[Any]:
        """The votes that occurred: fields "lf" and "vote", shape (n_symbols,)."""
        return self.vote_model_.table.symbols

    @property
    def score_bins_(self) -> dict[Any, NDArray[np.float64]]:
        """Least and greatest fitted score of each bin, (n_bins, 2), of each column of scores."""
        scored = self._scores
        if scored is None:
            return {}
        names = getattr(self, "feature_names_in_", None)
        keys = scored.columns if names is None else names[scored.columns]
        return dict(zip(keys.tolist(), scored.ranges, strict=True))

    @property
    def mu_(self) -> NDArray[np.float64]:
        """P(symbol | Y), shape (n_symbols, n_classes)."""
        return self.vote_model_.mu

    @property
    def coverage_(self) -> NDArray[np.float64]:
        """Share of rows in which each LF votes, shape (n_lfs,)."""
        return self._kept.coverage

    @property
    def conditional_probs_(self) -> NDArray[np.float64]:
        """P(vote | Y) of every LF, shape (n_lfs, n_classes + 1, n_classes)."""
        return conditional_probs(self.vote_model_)

    @property
    def lf_accuracies_(self) -> NDArray[np.float64]:
        """P(vote is right | LF votes) of every LF, shape (n_lfs,)."""
        return self.vote_model_.accuracies
