"""Training any classifier on probabilistic labels, and what it then says of every class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples, has_fit_parameter

from .._utils import TIE, check_row_order
from .._votes.codes import class_index
from ..inspection._decisions import check_proba

if TYPE_CHECKING:
    from .._utils.types import Estimator, RecordsLike

# Numbers of rows and classes, and places of rows; docstrings say their shapes.
Floats = NDArray[np.float64]
Places = NDArray[np.intp]

# In a fit, copies of a row that weigh less than this are left out: with many classes most would.
NEGLIGIBLE_WEIGHT = 1e-6
# Probabilities below it count as it, so that their logarithms are finite.
LEAST_PROBABILITY = 1e-12


def soft_label_expand(
    X: RecordsLike, proba: ArrayLike, classes: ArrayLike
) -> tuple[Any, NDArray[Any], NDArray[np.float64]]:
    """Write rows with probabilistic labels as weighted rows with one label each.

    Every row is repeated once for each class that it may belong to, labelled with that class and weighted with its
    probability. The weighted log loss of the result is the cross-entropy against `proba`, so any classifier
    that takes `sample_weight` can learn from probabilistic labels.

    Parameters
    ----------
    X : array-like, dataframe, sparse matrix or list of n_samples records
    proba : array-like of shape (n_samples, n_classes)
        Probability of every class, in [0, 1]. Rows need not add up to 1: a row can be made to weigh less.
    classes : array-like of shape (n_classes,)
        Label of each column of proba: `classes_`.

    Returns
    -------
    X_expanded : same kind of container as X (a sparse matrix as CSR)
        n_expanded rows of X, in order, copies next to each other. A dataframe keeps its index.
    y : ndarray of shape (n_expanded,), dtype of classes
    sample_weight : ndarray of shape (n_expanded,), dtype float64
        In (0, 1]: copies of weight zero are left out.

    Raises
    ------
    ValueError
        Shapes that do not match, or values outside [0, 1].

    Examples
    --------
    >>> from sklearn_labelmodel.end_model import soft_label_expand
    >>> texts, y, weight = soft_label_expand(
    ...     ["win a prize", "see you"], [[0.25, 0.75], [1.0, 0.0]], ["ham", "spam"])
    >>> texts
    ['win a prize', 'win a prize', 'see you']
    >>> y
    array(['ham', 'spam', 'ham'], dtype='<U4')
    >>> weight
    array([0.25, 0.75, 1.  ])
    """
    check_row_order(X=X, proba=proba)
    weights, labels = check_proba(proba, classes)
    if _num_samples(X) != len(weights):
        raise ValueError(
            f"X has {_num_samples(X)} rows and proba has {len(weights)}; row i of both must be the same "
            "record."
        )
    rows, columns = np.nonzero(weights > 0)
    return _safe_indexing(indexable(X)[0], rows), labels[columns], weights[rows, columns]


@dataclass(frozen=True, eq=False)
class Training:
    """How an estimator is trained on soft labels.

    Attributes
    ----------
    estimator : estimator
        It stays as it is.
    classes : ndarray of shape (n_classes,)
    labels : {"soft", "hard", "native"}
        As in `WeakSupervisionClassifier`.
    """

    estimator: Any
    classes: NDArray[Any]
    labels: str

    def fit(self, X: RecordsLike, proba: Floats, rows: Places) -> Trained:
        """A clone of the estimator that is fitted on some rows.

        Parameters
        ----------
        X : n_samples records
        proba : ndarray of shape (n_samples, n_classes)
        rows : ndarray of shape (n_rows,)

        Raises
        ------
        ValueError
            The estimator cannot be trained on soft labels, or no row is left to train on.
        """
        fitted = clone(self.estimator)
        self._fit(fitted, _safe_indexing(X, rows), proba[rows])
        return Trained(fitted, self.classes, takes_probabilities(fitted, self.labels))

    def _fit(self, estimator: Any, X: RecordsLike, proba: Floats) -> None:
        if self.labels == "hard":
            self._fit_hard(estimator, X, proba)
        elif _is_pipeline(estimator):
            self._fit_pipeline(estimator, X, proba)
        elif takes_probabilities(estimator, self.labels):
            estimator.fit(X, proba)
        elif takes_weights(estimator):
            weights = np.where(proba < NEGLIGIBLE_WEIGHT, 0.0, proba)
            X_expanded, y, sample_weight = soft_label_expand(X, weights, self.classes)
            estimator.fit(X_expanded, y, sample_weight=sample_weight)
        else:
            raise ValueError(_why_no_weights(estimator))

    def _fit_hard(self, estimator: Any, X: RecordsLike, proba: Floats) -> None:
        leading = proba >= proba.max(axis=1, keepdims=True) - TIE
        rows = np.flatnonzero(leading.sum(axis=1) < 2)
        if not len(rows):
            raise ValueError(
                "No row is left to train the estimator on: the probabilities of every row are tied, so none has a hard "
                "label."
            )
        estimator.fit(_safe_indexing(X, rows), self.classes[np.argmax(proba[rows], axis=1)])

    def _fit_pipeline(self, pipeline: Any, X: RecordsLike, proba: Floats) -> None:
        """Fit transformers on every row once, with its most probable class, and the last step on the probabilities."""
        final: Any = pipeline.steps[-1][1]
        if final is None or final == "passthrough":
            raise ValueError(
                "The Pipeline ends in a transformer; its last step must be a classifier."
            )
        if len(pipeline.steps) > 1:
            transformers = pipeline[:-1]
            X = transformers.fit_transform(X, self.classes[np.argmax(proba, axis=1)])
            # With `memory` the slice holds fitted copies.
            pipeline.steps = [*transformers.steps, pipeline.steps[-1]]
        if _num_samples(X) != len(proba):
            raise ValueError(
                f"The steps of the Pipeline before {type(final).__name__} change the number of rows, so soft labels no "
                "longer belong to them. Pass labels='hard'."
            )
        self._fit(final, indexable(X)[0], proba)


def takes_probabilities(estimator: Any, labels: str) -> bool:
    """Whether an estimator, or a Pipeline's last step, gets probabilities as y, so that it knows no labels."""
    if _is_pipeline(estimator):
        return takes_probabilities(estimator.steps[-1][1], labels)
    declared = getattr(estimator, "accepts_soft_labels", False) is True
    return labels == "native" or (labels == "soft" and declared)


def _is_pipeline(estimator: Estimator) -> bool:
    # Imported here, since it takes as long as the rest of this package.
    from sklearn.pipeline import Pipeline

    return isinstance(estimator, Pipeline)


def takes_weights(estimator: Estimator) -> bool:
    """Whether fit takes sample_weight, and an inner estimator that it trains does too."""
    if not has_fit_parameter(estimator, "sample_weight"):
        return False
    inner: Any = getattr(estimator, "estimator", None)
    if not hasattr(inner, "fit") or get_config()["enable_metadata_routing"]:
        # With metadata routing scikit-learn itself raises where an inner estimator gets no weights.
        return True
    return takes_weights(inner)


def _why_no_weights(estimator: Estimator) -> str:
    inner = more = ""
    if has_fit_parameter(estimator, "sample_weight"):
        inner = (
            f" that would reach its inner {type(getattr(estimator, 'estimator', None)).__name__}"
        )
    if hasattr(estimator, "refit"):
        more = (
            " To search over parameters, put the search outside: "
            "GridSearchCV(WeakSupervisionClassifier(...), {'estimator__...': ...})."
        )
    return (
        f"{type(estimator).__name__} cannot be trained on soft labels: its fit has no parameter sample_weight{inner}. "
        "Pass labels='hard' to train it on the most probable class of each row, or labels='native' if its fit takes an "
        f"array of class probabilities as y.{more}"
    )


# Scores of classes --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Trained:
    """What a trained estimator says of every class.

    Attributes
    ----------
    estimator : fitted estimator
    classes : ndarray of shape (n_classes,)
    native : bool
        Whether it was trained on probabilities, so that it knows no labels.
    """

    estimator: Any
    classes: NDArray[Any]
    native: bool

    def scores(self, X: RecordsLike) -> Floats:
        """Logarithms of probabilities; without these the decision function, or what a regressor predicts.

        Parameters
        ----------
        X : n_samples records

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes)
            The greater, the more probable is the class; finite where the estimator's are.

        Raises
        ------
        ValueError
            The estimator's scores are not one for each class.
        """
        estimator = self.estimator
        if hasattr(estimator, "predict_proba"):
            return np.log(np.maximum(self.probabilities(X), LEAST_PROBABILITY))
        if self.native:
            return self._one_column_each(estimator.predict(X), "predict")
        scores = np.asarray(estimator.decision_function(X), dtype=np.float64)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        if scores.shape[1] != len(estimator.classes_):
            raise ValueError(
                f"{type(estimator).__name__}.decision_function gives {scores.shape[1]} scores for "
                f"{len(estimator.classes_)} classes, which no class shares can be matched with. Make it give one a "
                "class (decision_function_shape='ovr', for SVC), or pass match_shares=None."
            )
        return self.in_order(scores, scores.min(initial=0.0) - 1)

    def probabilities(self, X: RecordsLike) -> Floats:
        """`predict_proba` with a column for each class; 0 for one of which the estimator saw no example."""
        proba = self.estimator.predict_proba(X)
        if self.native:
            return self._one_column_each(proba, "predict_proba")
        return self.in_order(proba, 0.0)

    def _one_column_each(self, scores: ArrayLike, method: str) -> Floats:
        scores = np.asarray(scores)
        if scores.shape[1:] != (len(self.classes),):
            raise ValueError(
                f"{type(self.estimator).__name__}.{method} returned shape {scores.shape}; an estimator trained on "
                f"probabilities must return one column for each of the {len(self.classes)} classes."
            )
        return scores

    @property
    def columns(self) -> Places:
        """The place of each of the estimator's own classes."""
        return class_index(np.asarray(self.estimator.classes_), self.classes)

    def in_order(self, scores: Floats, absent: float) -> Floats:
        """Columns of the estimator's classes at their places; `absent` in the others."""
        ordered = np.full((len(scores), len(self.classes)), absent)
        ordered[:, self.columns] = scores
        return ordered
