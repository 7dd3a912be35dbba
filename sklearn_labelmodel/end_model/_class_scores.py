"""What a fitted estimator says of every class, in the label model's order of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._votes.codes import class_index

if TYPE_CHECKING:
    from .._utils.types import Classifier, RecordsLike

# Probabilities below it count as it, so that their logarithms are finite.
LEAST_PROBABILITY = 1e-12


def gives_scores(estimator: object, native: bool) -> bool:
    """Whether an estimator, fitted or not, scores classes: `class_scores` needs no more."""
    return native or any(
        hasattr(estimator, name) for name in ("predict_proba", "decision_function")
    )


def class_scores(
    estimator: Classifier, X: RecordsLike, classes: NDArray[Any], native: bool
) -> NDArray[np.float64]:
    """Logarithms of probabilities; without these the decision function, or what a regressor predicts.

    Parameters
    ----------
    estimator : fitted estimator
    X : n_samples records
    classes : ndarray of shape (n_classes,)
    native : bool
        Whether it was trained on probabilities, so that it knows no labels.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_classes)
        The greater, the more probable is the class; finite where the estimator's are.

    Raises
    ------
    ValueError
        The estimator's scores are not one for each class.
    """
    if hasattr(estimator, "predict_proba"):
        proba = class_probabilities(estimator, X, classes, native)
        return np.log(np.maximum(proba, LEAST_PROBABILITY))
    if native:
        return one_column_each(estimator, estimator.predict(X), "predict", classes)
    scores = np.asarray(estimator.decision_function(X), dtype=np.float64)
    if scores.ndim == 1:
        scores = np.column_stack([np.zeros(len(scores)), scores])
    if scores.shape[1] != len(estimator.classes_):
        raise ValueError(
            f"{type(estimator).__name__}.decision_function gives {scores.shape[1]} scores for "
            f"{len(estimator.classes_)} classes, which no class shares can be matched with. Make it give one a class "
            "(decision_function_shape='ovr', for SVC), or pass match_shares=None."
        )
    return in_class_order(estimator, scores, classes, scores.min(initial=0.0) - 1)


def class_probabilities(
    estimator: Classifier, X: RecordsLike, classes: NDArray[Any], native: bool
) -> NDArray[np.float64]:
    """`predict_proba` with a column for each class; 0 for one of which the estimator saw no example."""
    proba = estimator.predict_proba(X)
    if native:
        return one_column_each(estimator, proba, "predict_proba", classes)
    return in_class_order(estimator, proba, classes, 0.0)


def one_column_each(
    estimator: object, scores: ArrayLike, method: str, classes: NDArray[Any]
) -> NDArray[np.float64]:
    """The scores as an array, if there is a column for each class.

    Raises
    ------
    ValueError
        There is not.
    """
    scores = np.asarray(scores)
    if scores.shape[1:] != (len(classes),):
        raise ValueError(
            f"{type(estimator).__name__}.{method} returned shape {scores.shape}; an estimator trained on "
            f"probabilities must return one column for each of the {len(classes)} classes."
        )
    return scores


def in_class_order(
    estimator: Classifier, scores: NDArray[np.float64], classes: NDArray[Any], absent: float
) -> NDArray[np.float64]:
    """Columns of the estimator's classes at their places among `classes`; `absent` in the others."""
    ordered = np.full((len(scores), len(classes)), absent)
    ordered[:, class_index(np.asarray(estimator.classes_), classes)] = scores
    return ordered
