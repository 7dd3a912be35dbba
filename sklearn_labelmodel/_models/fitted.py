"""What a fit learned, read from the vote model: views of it, what votes add up to in a row, scores."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from .._evidence.lookup import generative, log_likelihood
from .._evidence.model import VoteModel
from .._utils import warn_user
from .._votes.codes import class_index
from .scoring import NOTHING_LABELLED, most_probable, weighted_mean

if TYPE_CHECKING:
    import pandas as pd

    from .._learning.observed import KeptCounts, Observed
    from .._utils.types import (
        ClassBalance,
        LabelsLike,
        Marker,
        ScoreColumns,
        VoteMatrix,
        VoteMeanings,
    )
    from .._votes.codes import Votes
    from .._votes.scores import Scores


class FittedVotes:
    """Parameters of all label models, and what a fit learned: views of `vote_model_` and of what was counted."""

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
        """P(vote | Y) of every LF, shape (n_lfs, n_classes + 1, n_classes): what is left, then votes for classes."""
        model = self.vote_model_
        n_classes, table = len(model.classes), model.table
        probs = np.full((len(table.joint), n_classes + 1, n_classes), model.mu_eps)
        voted = class_index(table.vote, model.classes)
        is_class = voted < n_classes
        probs[table.lf[is_class], 1 + voted[is_class]] = model.mu[is_class]
        probs[:, 0] = 1 - probs[:, 1:].sum(axis=1)
        return probs

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

    def score(
        self, L: VoteMatrix, y: LabelsLike | None = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy on gold labels, or without them the mean log-likelihood of the votes.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        y : array-like of shape (n_samples,), default=None
            Gold labels; rows labelled -1 (unless that is a class) or with a missing value do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.

        Returns
        -------
        score : float
            In [0, 1] with gold labels. Without any, the mean over rows of log P(votes), abstains included:
            higher is better on the same rows; see Notes for what it compares.

        Raises
        ------
        NotFittedError, ValueError
            As `predict_proba`, for a y that does not fit L, and for weights of which none counts.

        Notes
        -----
        Without labels it is the likelihood under `mu_` and the class shares that mu was trained under (`class_prior_`,
        or where that is uniform those that votes tell), so that it compares settings that change these alone:
        `tempering` never does, `n_em_steps` and `dependencies` hardly. `mu_eps` changes it by itself, as the
        probability of a vote that `fit` never saw.
        """
        from .._utils import check_row_order
        from .._votes.classes import check_same_kind
        from .._votes.gold import read_gold
        from .._votes.suspects import warn_of_new_values

        check_is_fitted(self)
        check_row_order(L=L, y=y, sample_weight=sample_weight)
        model = self.vote_model_
        votes = self._read_votes(L, model)
        weight = _check_sample_weight(sample_weight, np.empty((votes.n_samples, 1)))
        gold = read_gold(y, votes.n_samples, classes=model.classes)
        if not gold.n_labelled:
            if y is not None:
                warn_user(NOTHING_LABELLED)
            return weighted_mean(log_likelihood(votes, generative(model, votes)), weight)
        check_same_kind(model.classes, gold.values, ("classes", "labels of y"))
        warn_of_new_values(gold.values, model.classes, "y", "counts as wrong")
        labelled = gold.codes < len(gold.values)
        truth = class_index(gold.values, model.classes)[gold.codes[labelled]]
        read = partial(self._posterior, model)
        predicted = most_probable(read, votes, len(model.classes))[labelled]
        return weighted_mean(predicted == truth, weight[labelled])
