"""What a fit learned, read from the vote model: views of it, and what each vote adds to a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from .._evidence.model import VoteModel
from .._votes.codes import class_index

if TYPE_CHECKING:
    import pandas as pd

    from .._learning.observed import KeptCounts, Observed
    from .._utils.types import (
        ClassBalance,
        Marker,
        ScoreColumns,
        VoteMatrix,
        VoteMeanings,
    )
    from .._votes.codes import Votes
    from .._votes.scores import Scores


class FittedVotes:
    """Parameters of all label models, and what a fit learned: views of `vote_model_`, also row by row."""

    abstain: Marker
    classes: Iterable[Hashable] | None
    class_balance: ClassBalance | None
    gold: str
    scores: ScoreColumns | None
    vote_meanings: VoteMeanings | None
    # Whether a fit counts pairs of votes, or distinct rows.
    _by_pairs = False
    _encoding: dict[Hashable, int] | None
    vote_model_: VoteModel
    _scores: Scores | None
    _kept: KeptCounts
    _read_votes: Callable[[VoteMatrix, VoteModel], Votes]
    __sklearn_is_fitted__: Callable[[], bool]
    predict: Callable[[VoteMatrix], NDArray[Any]]
    predict_proba: Callable[[VoteMatrix], NDArray[np.float64]]
    _posterior: Callable[[VoteModel, Votes], NDArray[np.float64]]
    _terms: Callable[[VoteModel, Votes], NDArray[np.float64]]

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
    def score_bins_(self) -> dict[Hashable, NDArray[np.float64]]:
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

    def _warn_unidentified(self, observed: Observed) -> None:
        """Warn of LFs whose accuracy the votes do not tell."""

    def contributions(self, L: VoteMatrix) -> NDArray[np.float64]:
        """What each vote adds for each class, and the prior.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_lfs + 1, n_classes), dtype float64
            [i, j, y] is what the vote of LF j in row i adds for class y: its log-likelihood, less where the model
            tempers a row's votes; 0 for an abstain. [i, n_lfs, y] is the log of the prior: of `voted_prior_`, most
            of it tempered with the votes, or of `voteless_prior_`. The softmax over y of the sum over the
            second axis is `predict_proba`.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `predict_proba`.

        Examples
        --------
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> L = [[1, 1, -1], [0, -1, 0], [1, 0, 1], [0, 0, 0], [-1, 1, 1]]
        >>> model = LabelModelClassifier().fit(L)
        >>> model.contributions(L).shape
        (5, 4, 2)
        """
        check_is_fitted(self)
        model = self.vote_model_
        return self._terms(model, self._read_votes(L, model))

    def explain(self, row: VoteMatrix) -> pd.DataFrame:
        """Why one row gets its label: the prior and every vote, the strongest first.

        Parameters
        ----------
        row : array-like, Series or one-row dataframe
            The votes of one row, in the order of `fit`.

        Returns
        -------
        explanation : DataFrame
            The vote, and per class what it adds less the mean over the classes: above zero it speaks for the
            class. Abstains are left out.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `predict_proba`; ValueError for more than one row.

        Examples
        --------
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> L = [[1, 1, -1], [0, -1, 0], [1, 0, 1], [0, 0, 0], [-1, 1, 1]]
        >>> model = LabelModelClassifier().fit(L)
        >>> model.explain([1, 0, -1])["vote"].tolist()
        [None, 1, 0]
        """
        from ..inspection._page.frames import explain_row

        check_is_fitted(self)
        if hasattr(row, "to_frame") and getattr(row, "ndim", 2) == 1:
            row = row.to_frame().T
        elif np.ndim(cast(ArrayLike, row)) == 1:
            row = [row]
        model = self.vote_model_
        votes = self._read_votes(row, model)
        names = getattr(self, "feature_names_in_", None)
        return explain_row(votes, self._terms(model, votes), model.classes, names, self._scores)


def conditional_probs(model: VoteModel) -> NDArray[np.float64]:
    """P(vote | Y) of every LF, shape (n_lfs, n_classes + 1, n_classes): first what is left, then votes for classes."""
    n_classes, table = len(model.classes), model.table
    probs = np.full((len(table.joint), n_classes + 1, n_classes), model.mu_eps)
    voted = class_index(table.vote, model.classes)
    is_class = voted < n_classes
    probs[table.lf[is_class], 1 + voted[is_class]] = model.mu[is_class]
    probs[:, 0] = 1 - probs[:, 1:].sum(axis=1)
    return probs
