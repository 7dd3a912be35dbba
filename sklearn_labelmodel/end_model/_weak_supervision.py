"""From labeling functions to a trained classifier."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _num_samples,
    check_is_fitted,
)

from .._models.base import unchanged_on_error
from .._models.label_model import LabelModelClassifier
from .._models.scoring import gold_accuracy
from .._votes.classes import check_gold_is_class, check_same_kind, class_index
from .._votes.containers import check_row_order
from .._votes.gold import UNLABELLED, GoldLabels, read_gold
from .._votes.per_lf import rows_with_vote
from .._votes.reader import read_votes
from ._folds import innermost, labelled_rows
from ._soft_labels import fit_on_probabilities, takes_probabilities
from ._vote_sources import fit_transform, resolve_vote_columns, with_names


def _estimator_has(method: str) -> Any:
    def check(self: WeakSupervisionClassifier) -> bool:
        estimator = self.estimator_ if hasattr(self, "estimator_") else self._end_estimator()
        getattr(estimator, method)  # its AttributeError says what is missing
        return True

    return check


class WeakSupervisionClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train a classifier on records that only labeling functions have labelled.

    Labeling functions vote on every record, a label model turns the votes into class probabilities, and a
    classifier learns from the records with these probabilities as soft labels. It then predicts from records alone:
    also those on which no labeling function votes.

    Parameters
    ----------
    labeler : transformer, default=None
        Turns records into votes, such as :class:`LabelingFunctions`. Without one the votes come from
        `vote_columns`, or are passed to `fit` as L.
    label_model : label model, default=None
        Turns votes into class probabilities. None: :class:`LabelModelClassifier` with its defaults. A
        `sklearn.frozen.FrozenEstimator` of a fitted one is used as it is.
    estimator : classifier, default=None
        What is trained on the soft labels. None: `sklearn.linear_model.LogisticRegression`.
    uncovered : {"drop", "prior"}, default="drop"
        Rows without a vote and without a gold label are not trained on, or with the class prior as soft label.
    min_confidence : float, default=None
        In [0, 1]; rows whose most probable class has less are not trained on. None: no limit.
    labels : {"soft", "hard", "native"}, default="soft"
        What the estimator learns from.

        - "soft": each row once for every class, weighted with its probability (:func:`soft_label_expand`). The
          estimator's `fit` must take `sample_weight`; of a Pipeline, its last step's. An estimator with
          the attribute ``accepts_soft_labels = True`` gets the probabilities themselves, as with "native".
        - "hard": the most probable class; rows in which classes are tied are left out. For every estimator.
        - "native": ``estimator.fit(X, proba)`` with the probabilities as array of shape (n_rows, n_classes),
          columns in the order of `classes_`. For networks (skorch with a cross-entropy loss) and regressors.
    vote_columns : list of str or callable, default=None
        Columns of a DataFrame X that hold votes, or a function of X that returns their names, such as
        `sklearn.compose.make_column_selector`. They are taken away before the estimator sees X, in `fit` and, if they
        are there, in `predict`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The label model's classes, in its order.
    labeler_ : transformer or None
        The fitted labeler.
    label_model_ : label model
        The fitted label model.
    estimator_ : classifier
        The fitted classifier. It can be used, and saved, by itself.
    vote_columns_ : list of str
        Columns that were taken as votes; empty without `vote_columns`.
    n_features_in_ : int
        Columns of X that the estimator sees; not there where X has no columns (a list of texts).
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a DataFrame with string names.

    See Also
    --------
    LabelModelClassifier : The label model alone.
    soft_label_expand : Soft labels for a training loop of one's own.

    Notes
    -----
    Only the last step of a Pipeline gets soft labels. The steps before it are fitted on every row once, with its
    most probable class as y, so that texts are not vectorized, or features selected, on repeated rows.

    With ``class_weight="balanced"`` some estimators, such as SVC, count the copies of rows instead of adding up their
    weights, which balances nothing; give them the weights of the classes.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_labelmodel.end_model import WeakSupervisionClassifier
    >>> texts = ["subscribe to my channel", "win a prize on my channel", "lovely song", "what a voice"]
    >>> votes = [["spam", None, "spam"], [None, "spam", "spam"], ["ham", "ham", None], ["ham", "ham", None]]
    >>> model = WeakSupervisionClassifier(estimator=make_pipeline(CountVectorizer(), LogisticRegression()))
    >>> model.fit(texts, L=votes).predict(["a lovely voice", "see my channel"])
    array(['ham', 'spam'], dtype=object)
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "labeler": [HasMethods(["fit", "transform"]), None],
        "label_model": [HasMethods(["fit", "predict_proba"]), None],
        "estimator": [HasMethods(["fit"]), None],
        "uncovered": [StrOptions({"drop", "prior"})],
        "min_confidence": [Interval(Real, 0, 1, closed="both"), None],
        "labels": [StrOptions({"soft", "hard", "native"})],
        "vote_columns": [list, callable, None],
    }

    def __init__(
        self,
        labeler: Any = None,
        label_model: Any = None,
        estimator: Any = None,
        uncovered: str = "drop",
        min_confidence: float | None = None,
        labels: str = "soft",
        vote_columns: Any = None,
    ):
        self.labeler = labeler
        self.label_model = label_model
        self.estimator = estimator
        self.uncovered = uncovered
        self.min_confidence = min_confidence
        self.labels = labels
        self.vote_columns = vote_columns

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, L: Any = None) -> WeakSupervisionClassifier:
        """Label the records by their votes, and train the estimator on them.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records
            Whatever the labeler and the estimator take.
        y : array-like of shape (n_samples,), default=None
            Gold labels of all or some rows, for the label model and, as certain labels, for the estimator. -1 (unless
            it is a class) or a missing value marks a row without one.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), default=None
            Votes, where neither a labeler nor `vote_columns` gives them. Within `GridSearchCV` pass it to its
            `fit` (with metadata routing: after ``set_fit_request(L=True)``).

        Returns
        -------
        self : WeakSupervisionClassifier

        Raises
        ------
        ValueError
            No source of votes, or more than one; votes or labels that the label model refuses; no row left to train
            on; an estimator that cannot be trained on soft labels.
        """
        with unchanged_on_error(self):
            check_row_order(X=X, y=y, L=L)
            records, votes = self._records_and_votes(X, L)
            if self.estimator is None:
                _check_no_texts(records)
            self.label_model_, proba, weight_rows = self._soft_labels(votes, y)
            self.classes_ = self.label_model_.classes_
            _check_feature_names(self, records, reset=True)
            _check_n_features(self, records, reset=True)
            self.estimator_ = fit_on_probabilities(
                clone(self._end_estimator()),
                _safe_indexing(indexable(records)[0], weight_rows),
                proba[weight_rows],
                self.classes_,
                self.labels,
            )
            self._native = takes_probabilities(self.estimator_, self.labels)
        return self

    def _end_estimator(self) -> Any:
        if self.estimator is not None:
            return self.estimator
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression()

    def _records_and_votes(self, X: Any, L: Any) -> tuple[Any, Any]:
        """What the estimator sees, and the label matrix, from the one source of votes there is."""
        sources = {"labeler": self.labeler, "vote_columns": self.vote_columns, "L": L}
        given = [name for name, source in sources.items() if source is not None]
        if len(given) != 1:
            fault = (
                f"{' and '.join(given)} both give votes"
                if given
                else "There are no votes to learn from"
            )
            raise ValueError(
                f"{fault}. Give exactly one of: the parameter `labeler` (a transformer from records to votes), the "
                "parameter `vote_columns` (columns of X), or the votes themselves, fit(X, L=votes)."
            )
        self.labeler_, self.vote_columns_ = None, []
        if self.labeler is not None:
            self.labeler_ = clone(self.labeler)
            L = with_names(fit_transform(self.labeler_, X), self.labeler_)
        elif self.vote_columns is not None:
            self.vote_columns_ = resolve_vote_columns(X, self.vote_columns)
            X, L = self._without_votes(X), X[self.vote_columns_]
        if _num_samples(L) != _num_samples(X):
            raise ValueError(
                f"X has {_num_samples(X)} rows and the votes have {_num_samples(L)}; row i of both must be the "
                "same record."
            )
        return X, L

    def _without_votes(self, X: Any) -> Any:
        if not self.vote_columns_ or not hasattr(X, "columns"):
            return X
        return X[[name for name in X.columns if name not in self.vote_columns_]]

    def _soft_labels(self, L: Any, y: Any) -> tuple[Any, NDArray[np.float64], NDArray[np.intp]]:
        """The fitted label model, P(class) of every row, and the rows to train on."""
        model = LabelModelClassifier() if self.label_model is None else clone(self.label_model)
        model = model.fit(L, y)
        proba = np.array(model.predict_proba(L), dtype=np.float64)
        gold = _gold_labels(model, y, len(proba))
        labelled = labelled_rows(gold)
        proba[labelled] = 0.0
        truth = class_index(gold.values, model.classes_)[gold.codes[labelled]]
        proba[labelled, truth] = 1.0
        return model, proba, self._training_rows(model, L, proba, labelled)

    def _training_rows(
        self, model: Any, L: Any, proba: NDArray[np.float64], labelled: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        train = np.ones(len(proba), dtype=bool)
        if self.uncovered == "drop":
            abstain = getattr(model, "abstain", -1)
            train = rows_with_vote(read_votes(L, abstain=abstain, allow_fractions=True))
            train[labelled] = True
            _check_any_covered(train)
        if self.min_confidence is not None:
            certainty = proba.max(axis=1)
            _check_any_certain(certainty[train], self.min_confidence, self.uncovered)
            train &= certainty >= self.min_confidence
        return np.flatnonzero(train)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class of every record; the labeling functions are not asked.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        if not self._native:
            return self.estimator_.predict(self._without_votes(X))
        if hasattr(self.estimator_, "predict_proba"):
            scores = self.predict_proba(X)
        else:
            scores = self._one_column_each(
                self.estimator_.predict(self._without_votes(X)), "predict"
            )
        return self.classes_[np.argmax(scores, axis=1)]

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; 0 for a class of which the estimator saw no example.
        """
        check_is_fitted(self)
        proba = self.estimator_.predict_proba(self._without_votes(X))
        if self._native:
            return self._one_column_each(proba, "predict_proba")
        return self._in_class_order(proba, 0.0)

    @available_if(_estimator_has("predict_log_proba"))
    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of every class; see `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Score every class.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
            With two classes the score of ``classes_[1]``. -inf for a class of which the estimator saw no example.
        """
        check_is_fitted(self)
        scores = self.estimator_.decision_function(self._without_votes(X))
        if self._native:
            return scores
        known = class_index(np.asarray(self.estimator_.classes_), self.classes_)
        if np.array_equal(known, np.arange(len(self.classes_))):
            return scores
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])
        scores = self._in_class_order(scores, -np.inf)
        return scores[:, 1] if len(self.classes_) == 2 else scores

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy on gold labels.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records
        y : array-like of shape (n_samples,)
            Gold labels; rows labelled -1 (unless that is a class) or with a missing value do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.

        Returns
        -------
        score : float
            In [0, 1].

        Raises
        ------
        ValueError
            No row has a gold label.
        """
        check_is_fitted(self)
        hint = "score needs gold labels of some rows as y. Without any, judge the label model: label_model_.score(L)."
        return gold_accuracy(self, X, y, sample_weight, hint)

    def _one_column_each(self, scores: Any, method: str) -> NDArray[np.float64]:
        scores = np.asarray(scores)
        if scores.shape[1:] != (len(self.classes_),):
            raise ValueError(
                f"{type(self.estimator_).__name__}.{method} returned shape {scores.shape}; an estimator trained on "
                f"probabilities must return one column for each of the {len(self.classes_)} classes."
            )
        return scores

    def _in_class_order(self, scores: NDArray[np.float64], absent: float) -> NDArray[np.float64]:
        """Columns of the estimator's classes at their places among `classes_`."""
        ordered = np.full((len(scores), len(self.classes_)), absent)
        ordered[:, class_index(np.asarray(self.estimator_.classes_), self.classes_)] = scores
        return ordered

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._end_estimator()).input_tags
        if self.labeler is not None:
            taken = get_tags(self.labeler).input_tags
            tags.input_tags.sparse &= taken.sparse
            tags.input_tags.allow_nan &= taken.allow_nan
        tags.target_tags.required = False
        return tags


def _check_no_texts(records: Any) -> None:
    """Raise a ValueError where the records are texts, which the default estimator cannot read."""
    if getattr(records, "ndim", 1) == 1 and isinstance(next(iter(indexable(records)[0])), str):
        raise ValueError(
            "X holds texts, which the default estimator, LogisticRegression, does not read. Pass one that does: "
            "estimator=make_pipeline(TfidfVectorizer(), LogisticRegression())."
        )


def _gold_labels(model: Any, y: Any, n_samples: int) -> GoldLabels:
    """The gold labels in y, all of them classes of the fitted label model."""
    classes = np.asarray(model.classes_)
    known: Any = classes
    if UNLABELLED in classes.tolist() and not isinstance(model, FrozenEstimator):
        # Votes may have made -1 a class after fit had read it in y as the mark of an unlabelled row.
        known = getattr(innermost(model), "classes", None)
    gold = read_gold(y, n_samples, classes=known)
    check_same_kind(classes, gold.values, ("classes", "labels of y"))
    check_gold_is_class(classes, gold)
    return gold


def _check_any_covered(covered: NDArray[np.bool_]) -> None:
    if not covered.any():
        raise ValueError(
            f"No row is left to train the estimator on: none of {len(covered)} rows has a vote or a gold label. Check "
            "the label model's `abstain`, or pass uncovered='prior' to train on rows without a vote."
        )


def _check_any_certain(
    certainty: NDArray[np.float64], min_confidence: float, uncovered: str
) -> None:
    if not (certainty >= min_confidence).any():
        which = " with a vote or a gold label" if uncovered == "drop" else ""
        # Rounded down, so that the number given will do.
        greatest = math.floor(1e4 * certainty.max()) / 1e4
        raise ValueError(
            f"No row is left to train the estimator on: none of {len(certainty)} rows{which} has a class of "
            f"probability min_confidence={min_confidence:g} or more. Lower min_confidence, to {greatest:g} at most."
        )
