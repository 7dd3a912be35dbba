"""What a trained weak supervision classifier predicts, and how well."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from .._models.scoring import gold_accuracy, weighted_mean
from .._utils import quoted
from ._records import check_not_one_text, is_frame, with_names
from ._soft_labels import LEAST_PROBABILITY, Trained
from ._training_rows import covered_rows

if TYPE_CHECKING:
    from .._utils.types import Estimator, Frame, LabelsLike, RecordsLike, Transformer, VoteMatrix


def _estimator_has(method: str) -> Any:
    def check(self: Predictions) -> bool:
        estimator = self.estimator_ if hasattr(self, "estimator_") else self._end_estimator()
        getattr(estimator, method)  # its AttributeError says what is missing
        return True

    return check


class Predictions:
    """`predict` and what goes with it, by an estimator with offsets of its classes, and by votes if these are used.

    The class that it is mixed into has what is declared below.
    """

    # Where votes are routed, a score without y needs them; one with y does not look at them.
    __metadata_request__score = {"L": True}

    classes_: NDArray[Any]
    label_model_: Any
    labeler_: Transformer | None
    estimator_: Any
    class_offsets_: NDArray[np.float64]
    class_shares_: NDArray[np.float64] | None
    vote_columns_: list[Hashable]
    use_votes: bool
    _native: bool
    _end_estimator: Callable[[], Estimator]

    def predict(self, X: RecordsLike) -> NDArray[Any]:
        """Predict the class of every record; the labeling functions are not asked.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        if self.class_shares_ is not None or self._native or self.use_votes:
            return self.classes_[np.argmax(self._log_scores(X), axis=1)]
        return self.estimator_.predict(self._without_votes(X))

    def _log_scores(self, X: RecordsLike) -> NDArray[np.float64]:
        """What is greatest for the predicted class: log probabilities, or other scores, with offsets and votes."""
        if self.use_votes:
            return np.log(np.maximum(self.predict_proba(X), np.finfo(float).tiny))
        return self._trained.scores(self._without_votes(X)) + self.class_offsets_

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: RecordsLike) -> NDArray[np.float64]:
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; 0 for a class of which the estimator saw no example.
        """
        proba = self.unshifted_proba(X)
        if self.class_shares_ is not None:
            log_proba = np.log(np.maximum(proba, LEAST_PROBABILITY))
            proba = softmax(log_proba + self.class_offsets_, axis=1)
        if self.use_votes:
            by_votes, covered = self._labelled_by_votes(self._votes_on(X))
            proba = np.where(covered[:, None], (proba + by_votes) / 2, proba)
        return proba

    @available_if(_estimator_has("predict_proba"))
    def unshifted_proba(self, X: RecordsLike) -> NDArray[np.float64]:
        """The estimator's own probabilities: without the offsets of `match_shares`, and without votes.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            As `predict_proba`. Their log loss is mostly smaller.
        """
        check_is_fitted(self)
        return self._trained.probabilities(self._without_votes(X))

    @property
    def _trained(self) -> Trained:
        return Trained(self.estimator_, self.classes_, self._native)

    def _labelled_by_votes(self, L: VoteMatrix) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The label model's probabilities, and whether each row has a vote."""
        return self.label_model_.predict_proba(L), covered_rows(self.label_model_, L)

    @available_if(_estimator_has("predict_log_proba"))
    def predict_log_proba(self, X: RecordsLike) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of every class; see `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: RecordsLike) -> NDArray[np.float64]:
        """Score every class.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
            With two classes the score of ``classes_[1]``. -inf for a class of which the estimator saw no example. Where
            shares are matched, or votes used, log probabilities (of two classes their difference), so that the
            predicted class has the greatest.
        """
        check_is_fitted(self)
        if self.class_shares_ is not None or self.use_votes:
            scores = self._log_scores(X)
            return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores
        scores = self.estimator_.decision_function(self._without_votes(X))
        if self._native:
            return scores
        if np.array_equal(self._trained.columns, np.arange(len(self.classes_))):
            return scores
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])
        scores = self._trained.in_order(scores, -np.inf)
        return scores[:, 1] if len(self.classes_) == 2 else scores

    def score(
        self,
        X: RecordsLike,
        y: LabelsLike | None = None,
        sample_weight: ArrayLike | None = None,
        L: VoteMatrix | None = None,
    ) -> float:
        """Accuracy on gold labels, or without y how well the classifier foresees the soft labels.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records
        y : array-like of shape (n_samples,), default=None
            Gold labels; rows labelled -1 (unless that is a class) or with a missing value do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), default=None
            Votes, for a score without y where neither a labeler nor vote columns give them.

        Returns
        -------
        score : float
            In [0, 1] with y. Without, at most 0: minus the cross-entropy of `unshifted_proba` against the label model's
            probabilities, in the mean over the rows with a vote. It compares estimators and their parameters; those of
            label models change the soft labels themselves.

        Raises
        ------
        ValueError
            No row has a gold label; without y, no votes, or an estimator without `predict_proba`.
        """
        check_is_fitted(self)
        if y is None:
            return self._soft_score(X, L, sample_weight)
        hint = "score needs gold labels of some rows as y. Without any, pass no y: score(X) looks at the soft labels."
        return gold_accuracy(self, X, y, sample_weight, hint)

    def _soft_score(
        self, X: RecordsLike, L: VoteMatrix | None, sample_weight: ArrayLike | None
    ) -> float:
        """Minus the mean cross-entropy of predictions against soft labels, over the rows with a vote."""
        if not hasattr(self.estimator_, "predict_proba"):
            raise ValueError(
                f"A score without gold labels needs probabilities, and {type(self.estimator_).__name__} has no "
                "predict_proba. Pass gold labels as y, or another estimator."
            )
        soft_labels, covered = self._labelled_by_votes(self._votes_on(X) if L is None else L)
        proba = self.unshifted_proba(X)
        if not covered.any():
            raise ValueError(
                f"None of {len(covered)} rows has a vote, so there are no soft labels to score against. Score on rows "
                "with votes, or pass gold labels as y."
            )
        weight = _check_sample_weight(sample_weight, np.empty((len(proba), 1)))[covered]
        log_proba = np.log(np.maximum(proba[covered], LEAST_PROBABILITY))
        return weighted_mean((soft_labels[covered] * log_proba).sum(axis=1), weight)

    def _without_votes(self, X: RecordsLike) -> RecordsLike:
        check_not_one_text(X)
        if not self.vote_columns_ or not is_frame(X):
            return X
        return X[[name for name in X.columns if name not in self.vote_columns_]]

    def _votes_on(self, X: RecordsLike) -> VoteMatrix:
        """Votes on any records, by the labeler or from the vote columns.

        Raises
        ------
        ValueError
            There is neither, X lacks a vote column, or is one text.
        """
        check_not_one_text(X)
        if self.labeler_ is not None:
            return with_names(self.labeler_.transform(X), self.labeler_)
        if not self.vote_columns_:
            raise ValueError(
                "Neither a labeler nor vote columns can vote on these records: the model was fitted with votes passed "
                "as L. Pass their votes as L where the method takes them; else fit with `labeler` or `vote_columns`."
            )
        missing = [name for name in self.vote_columns_ if name not in getattr(X, "columns", [])]
        if missing:
            raise ValueError(
                f"X lacks the vote column {quoted(missing[0])}. Keep the vote columns that the model was fitted with "
                "in X."
            )
        return cast("Frame", X)[self.vote_columns_]
