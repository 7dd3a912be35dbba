"""What all label models share: tags, reading L and y, and predictions from a table of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import metadata_routing
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
    _num_samples,
    check_is_fitted,
)

from ._classes import GoldLabels, check_same_kind, check_votes_are_classes, class_index, read_gold
from ._contributions import contributions, explain_row
from ._posterior import find_symbols, log_likelihood, posterior
from ._vote_reader import read_votes
from ._votes import Votes

if TYPE_CHECKING:
    import pandas as pd


class BaseLabelModel(ClassifierMixin, BaseEstimator):
    """A classifier of rows of votes. A fitted one has classes_, class_prior_, symbols_ and mu_."""

    # L is this package's X; metadata routing would otherwise take it for metadata.
    __metadata_request__fit = {"L": metadata_routing.UNUSED}
    __metadata_request__predict = {"L": metadata_routing.UNUSED}
    __metadata_request__predict_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__predict_log_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__score = {"L": metadata_routing.UNUSED}

    abstain: Any
    classes: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        return tags

    def predict_proba(self, L: Any) -> NDArray[np.float64]:
        """Probability of every class given each row's votes.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, as in `fit`. Votes that `fit` never saw from their LF carry no evidence.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes), dtype float64
            In [0, 1], each row adding up to 1, columns in the order of `classes_`. A row without a vote gets
            `class_prior_`.

        Raises
        ------
        NotFittedError
            `fit` was not called.
        ValueError
            Another number or order of LFs than in `fit`; votes that are no class labels.
        """
        check_is_fitted(self)
        return self._posterior(self._read_votes(L))

    def predict_log_proba(self, L: Any) -> NDArray[np.float64]:
        """Logarithm of `predict_proba`, shape (n_samples, n_classes); see there."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(L))

    def predict(self, L: Any) -> NDArray[Any]:
        """Most probable class of every row, the first of `classes_` on a tie; shape (n_samples,).

        Parameters and errors are those of `predict_proba`.
        """
        proba = self.predict_proba(L)
        return self.classes_[np.argmax(proba, axis=1)]

    def score(self, L: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
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
            higher is better, and it compares settings on the same rows without labels.

        Raises
        ------
        NotFittedError, ValueError
            As `predict_proba`, and for a y that does not fit L.
        """
        check_is_fitted(self)
        votes = self._read_votes(L)
        weight = _check_sample_weight(sample_weight, np.empty((votes.n_samples, 1)))
        gold = read_gold(y, votes.n_samples, classes=self.classes_)
        if not gold.n_labelled:
            return _weighted_mean(self._log_likelihood(votes), weight)
        check_same_kind(self.classes_, gold.values, ("classes", "labels of y"))
        labelled = gold.codes < len(gold.values)
        truth = class_index(gold.values, self.classes_)[gold.codes[labelled]]
        predicted = np.argmax(self._posterior(votes), axis=1)[labelled]
        return _weighted_mean(predicted == truth, weight[labelled])

    def contributions(self, L: Any) -> NDArray[np.float64]:
        """What each vote says of each class: its log-likelihood, and the log of the class prior.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_lfs + 1, n_classes), dtype float64
            [i, j, y] is log P(vote of LF j in row i | Y = y), 0 for an abstain; [i, n_lfs, y] is log P(Y = y).
            The softmax over y of the sum over the second axis is `predict_proba`.

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
        votes = self._read_votes(L)
        return contributions(votes, self._evidence(votes), np.log(self.class_prior_))

    def explain(self, row: Any) -> pd.DataFrame:
        """Why one row gets its label: the prior and every vote, the strongest first.

        Parameters
        ----------
        row : array-like, Series or one-row dataframe
            The votes of one row, in the order of `fit`.

        Returns
        -------
        explanation : DataFrame
            The vote, and per class its log-likelihood less the mean over the classes: above zero it speaks for
            the class. Abstains are left out.

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
        check_is_fitted(self)
        if hasattr(row, "to_frame") and getattr(row, "ndim", 2) == 1:
            row = row.to_frame().T
        elif np.ndim(row) == 1:
            row = [row]
        votes = self._read_votes(row)
        names = getattr(self, "feature_names_in_", None)
        log_prior = np.log(self.class_prior_)
        return explain_row(votes, self._evidence(votes), log_prior, self.classes_, names)

    def _posterior(self, votes: Votes) -> NDArray[np.float64]:
        """P(Y | votes) of every row, shape (n_samples, n_classes)."""
        return posterior(votes, self._evidence(votes), np.log(self.class_prior_))

    def _evidence(self, votes: Votes) -> NDArray[np.float64]:
        """Log-likelihood of each vote code, shape (n_lfs, n_values + 1, n_classes); 0 where it says nothing."""
        evidence = np.vstack([np.log(self.mu_), np.zeros(len(self.classes_))])
        return evidence[find_symbols(votes, self.symbols_["lf"], self.symbols_["vote"])]

    def _log_likelihood(self, votes: Votes) -> NDArray[np.float64]:
        """Log P(votes) of every row, abstains and unseen votes included."""
        lf, vote = self.symbols_["lf"], self.symbols_["vote"]
        symbols = find_symbols(votes, lf, vote)
        silent, rest = self._complete_table()
        evidence = np.log(np.vstack([self.mu_ / rest[lf], np.ones(len(self.classes_))]))
        tables = evidence[symbols]
        unseen = np.nonzero(symbols == len(lf))
        tables[unseen] = np.log(self._mu_eps / rest)[unseen[0]]
        tables[:, [votes.abstain_code, len(votes.values)]] = np.log(silent / rest)[:, None]
        return log_likelihood(votes, tables, np.log(self.class_prior_))

    def _complete_table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P(abstain | Y) of each LF, and by what its symbols, abstain and unseen votes exceed 1."""
        spoken = np.zeros((self.n_features_in_, len(self.classes_)))
        np.add.at(spoken, self.symbols_["lf"], self.mu_)
        silent = np.maximum(1 - spoken, self._mu_eps)
        return silent, spoken + silent + self._mu_eps

    def _read_training_data(self, L: Any, y: Any) -> tuple[Votes, GoldLabels]:
        _check_feature_names(self, L, reset=True)
        gold = read_gold(y, _num_samples(L), classes=self.classes)
        votes = read_votes(
            L,
            abstain=self.abstain,
            names=getattr(self, "feature_names_in_", None),
            allow_fractions=bool(gold.n_labelled) or self.classes is not None,
        )
        self.n_features_in_ = votes.n_lfs
        return votes, gold

    def _read_votes(self, L: Any) -> Votes:
        _check_feature_names(self, L, reset=False)
        names = getattr(self, "feature_names_in_", None)
        known = self.symbols_["vote"]
        fractions = known.dtype.kind == "f"
        votes = read_votes(L, abstain=self.abstain, names=names, allow_fractions=fractions)
        check_same_kind(votes.vote_values, known)
        if self.classes is not None:
            check_votes_are_classes(self.classes_, votes)
        if votes.n_lfs != self.n_features_in_:
            raise ValueError(
                f"X has {votes.n_lfs} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return votes


def _weighted_mean(values: NDArray[Any], weight: NDArray[np.float64]) -> float:
    if (weight < 0).any() or not weight.any():
        raise ValueError(
            "sample_weight must not be negative, nor zero in all rows that count (with gold labels, those "
            "that are labelled)."
        )
    return float(np.average(values, weights=weight))


@contextmanager
def unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Leave the estimator as it was, fitted or not, if the body raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
