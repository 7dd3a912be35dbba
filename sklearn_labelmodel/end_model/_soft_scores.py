"""Predictions and scores that use votes where there are no labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight

from .._models.scoring import weighted_mean
from ._class_scores import LEAST_PROBABILITY


def soft_log_likelihood(
    proba: NDArray[np.float64],
    soft_labels: NDArray[np.float64],
    covered: NDArray[np.bool_],
    sample_weight: ArrayLike | None,
) -> float:
    """Minus the mean cross-entropy of predictions against soft labels, over the rows with a vote.

    Parameters
    ----------
    proba, soft_labels : ndarray of shape (n_samples, n_classes)
    covered : ndarray of shape (n_samples,)
        Which rows have a vote.
    sample_weight : array-like of shape (n_samples,) or None

    Raises
    ------
    ValueError
        No row has a vote, or weights are not as `weighted_mean` takes them.
    """
    if not covered.any():
        raise ValueError(
            f"None of {len(covered)} rows has a vote, so there are no soft labels to score against. Score on rows with "
            "votes, or pass gold labels as y."
        )
    weight = _check_sample_weight(sample_weight, np.empty((len(proba), 1)))[covered]
    log_proba = np.log(np.maximum(proba[covered], LEAST_PROBABILITY))
    return weighted_mean((soft_labels[covered] * log_proba).sum(axis=1), weight)


def mean_with_votes(
    proba: NDArray[np.float64], soft_labels: NDArray[np.float64], covered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The mean of both probabilities where a row has a vote, else the classifier's."""
    return np.where(covered[:, None], (proba + soft_labels) / 2, proba)
