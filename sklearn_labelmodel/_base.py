"""What all label models share: tags, reading L and y, and predictions from a table of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

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

from ._evidence.combine import Evidence, find_symbols
from ._evidence.lookup import log_likelihood, posterior
from ._gold_accuracy import weighted_mean
from ._votes.classes import check_same_kind, check_votes_are_classes, class_index
from ._votes.codes import Votes
from ._votes.gold import GoldLabels, read_gold
from ._votes.reader import read_votes


class BaseLabelModel(ClassifierMixin, BaseEstimator):
    """A classifier of rows of votes.

    A fitted one has classes_, class_prior_, symbols_, mu_ and coverage_; _mu_eps, the probability of a vote that
    was never seen; and _model_coverage, how often each LF votes by the model's account.
    """

    # L is this package's X; metadata routing would otherwise take it for metadata.
    __metadata_request__fit = {"L": metadata_routing.UNUSED}
    __metadata_request__predict = {"L": metadata_routing.UNUSED}
    __metadata_request__predict_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__predict_log_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__score = {"L": metadata_routing.UNUSED}

    abstain: Any
    classes: Any

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # Scikit-learn reads the signature at every fit, which takes as long as ten epochs of a small model.
        return cast(list[str], super()._get_param_names())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

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
            `class_prior_` (or `voteless_prior_`, where the model has one).

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
            higher is better on the same rows; see Notes for what it compares.

        Raises
        ------
        NotFittedError, ValueError
            As `predict_proba`, for a y that does not fit L, and for weights of which none counts.

        Notes
        -----
        Without labels it is the likelihood under `mu_` and `class_prior_`, so that it only compares settings that
        change these. Of `LabelModelClassifier`, `tempering` never does; `n_em_steps` and ``dependencies="auto"``
        against None do little, and where no LFs are found to copy each other and no labels anchor `mu_`, nothing. A
        search over them without labels then ends with the first candidate. `mu_eps` changes the likelihood by itself,
        since it bounds `mu_` and is the probability of a vote that `fit` never saw; leave it out of such a search.
        """
        check_is_fitted(self)
        votes = self._read_votes(L)
        weight = _check_sample_weight(sample_weight, np.empty((votes.n_samples, 1)))
        gold = read_gold(y, votes.n_samples, classes=self.classes_)
        if not gold.n_labelled:
            return weighted_mean(self._log_likelihood(votes), weight)
        check_same_kind(self.classes_, gold.values, ("classes", "labels of y"))
        labelled = gold.codes < len(gold.values)
        truth = class_index(gold.values, self.classes_)[gold.codes[labelled]]
        predicted = np.argmax(self._posterior(votes), axis=1)[labelled]
        return weighted_mean(predicted == truth, weight[labelled])

    @property
    def conditional_probs_(self) -> NDArray[np.float64]:
        """P(vote | Y) of every LF, shape (n_lfs, n_classes + 1, n_classes)."""
        n_classes = len(self.classes_)
        table = np.full((self.n_features_in_, n_classes + 1, n_classes), self._mu_eps)
        voted = class_index(self.symbols_["vote"], self.classes_)
        is_class = voted < n_classes
        table[self.symbols_["lf"][is_class], 1 + voted[is_class]] = self.mu_[is_class]
        table[:, 0] = 1 - table[:, 1:].sum(axis=1)
        return table

    @property
    def lf_accuracies_(self) -> NDArray[np.float64]:
        """P(vote is right | LF votes) of every LF, shape (n_lfs,)."""
        # Only the diagonals of `conditional_probs_`: of 1,000 LFs and 1,000 classes, all of it takes 8 GB.
        voted = class_index(self.symbols_["vote"], self.classes_)
        named = np.flatnonzero(voted < len(self.classes_))
        lf, voted = self.symbols_["lf"][named], voted[named]
        beyond_unseen = (self.mu_[named, voted] - self._mu_eps) * self.class_prior_[voted]
        right = np.bincount(lf, beyond_unseen, minlength=self.n_features_in_).astype(np.float64)
        right += self._mu_eps * self.class_prior_.sum()
        with np.errstate(divide="ignore"):
            return np.clip(right / self._model_coverage, 1e-6, 1.0)

    def _posterior(self, votes: Votes) -> NDArray[np.float64]:
        """P(Y | votes) of every row, shape (n_samples, n_classes)."""
        return posterior(votes, self._evidence(votes))

    def _evidence(self, votes: Votes) -> Evidence:
        """Log-likelihoods of the symbols; abstains and unseen votes say nothing."""
        table = np.vstack([np.log(self.mu_), np.zeros(len(self.classes_))])
        rows = find_symbols(votes, self.symbols_["lf"], self.symbols_["vote"])
        return Evidence(rows, table, np.log(self.class_prior_))

    def _log_likelihood(self, votes: Votes) -> NDArray[np.float64]:
        """Log P(votes) of every row, abstains and unseen votes included."""
        lf, n_symbols = self.symbols_["lf"], len(self.symbols_)
        silent, total = self._complete_table()
        table = np.log(np.vstack([self.mu_ / total[lf], silent / total, self._mu_eps / total]))
        rows = find_symbols(votes, lf, self.symbols_["vote"])
        lfs = np.arange(votes.n_lfs)[:, None]
        rows = np.where(rows == n_symbols, n_symbols + votes.n_lfs + lfs, rows)
        rows[:, [votes.abstain_code, len(votes.values)]] = n_symbols + lfs
        return log_likelihood(votes, Evidence(rows, table, np.log(self.class_prior_)))

    def _complete_table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P(abstain | Y) of each LF, and what its symbols, abstain and unseen votes add up to."""
        spoken = np.zeros((self.n_features_in_, len(self.classes_)))
        np.add.at(spoken, self.symbols_["lf"], self.mu_)
        silent = np.maximum(1 - spoken, self._mu_eps)
        return silent, spoken + silent + self._mu_eps

    def _read_training_data(self, L: Any, y: Any) -> tuple[Votes, GoldLabels]:
        if type(L) is np.ndarray:
            self.__dict__.pop("feature_names_in_", None)
        else:
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
        names = getattr(self, "feature_names_in_", None)
        if names is not None or not isinstance(L, np.ndarray):
            _check_feature_names(self, L, reset=False)
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
