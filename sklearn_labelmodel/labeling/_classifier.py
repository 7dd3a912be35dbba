"""The labeling function that asks a classifier."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._utils import as_objects, quoted
from ._base import ReadyMadeLF
from ._records import Records, missing

if TYPE_CHECKING:
    from .._utils.types import Classifier


class ClassifierLF(ReadyMadeLF):
    """Vote for a fitted classifier's class where its probability reaches a threshold.

    Parameters
    ----------
    classifier : estimator
        Fitted, with `predict_proba`. It stays fitted when the labeling function is cloned, and
        has no parameters to tune.
    threshold : float or dict, default=0.5
        In [0, 1]; the least probability of a vote. A dict maps classes to theirs; classes not
        in it are never voted for.
    column : hashable, list or None, default=None
        What the classifier gets: one column, one-dimensional and without its missing values, which
        abstain; of a list the table of these columns; None for the records as they are.
    name : str or None, default=None
        None makes one of the classifier's type.

    Raises
    ------
    LabelingFunctionError
        If the classifier is not fitted or has no `predict_proba`, a threshold is none, or a
        column is missing.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_labelmodel.labeling import ClassifierLF
    >>> old = LogisticRegression().fit([[0.0], [1.0], [4.0], [5.0]], ["no", "no", "yes", "yes"])
    >>> ClassifierLF(old, threshold=0.8)([[0.0], [2.5], [6.0]])
    array(['no', None, 'yes'], dtype=object)
    """

    def __init__(
        self,
        classifier: Classifier,
        threshold: float | Mapping[Any, float] = 0.5,
        *,
        column: Hashable | list[Hashable] = None,
        name: str | None = None,
    ) -> None:
        self.classifier = classifier
        self.threshold = threshold
        self.column = column
        self.name = name

    def _described(self) -> str:
        column = "_".join(map(str, self.column)) if isinstance(self.column, list) else self.column
        suffix = "" if column is None else f"_{column}"
        return f"classifier_{type(self.classifier).__name__.lower()}{suffix}"

    def get_params(self, deep: bool = True) -> dict[str, object]:  # noqa: ARG002
        """Return the parameters, without those of the classifier, which stays as it was fitted."""
        return super().get_params(deep=False)

    def __sklearn_clone__(self) -> ClassifierLF:
        return copy.copy(self)

    def vote(self, records: Records) -> np.ndarray:
        classes = self._checked_classes()
        thresholds = self._thresholds(classes)
        inputs, present = self._inputs(records)
        votes = np.full(len(records), None, dtype=object)
        if not present.any():
            return votes
        proba = np.asarray(self.classifier.predict_proba(inputs))
        best = proba.argmax(axis=1)
        sure = proba[np.arange(len(best)), best] >= thresholds[best]
        positions = np.flatnonzero(present)[sure]
        votes[positions] = as_objects(classes)[best[sure]]
        return votes

    def _inputs(self, records: Records) -> tuple[Any, np.ndarray]:
        """Return what the classifier gets, and which rows these are."""
        present = np.ones(len(records), dtype=bool)
        if self.column is None:
            return records.data, present
        if not isinstance(self.column, list):
            present = ~missing(records.column(self.column, self.reader))
            records = records.take(np.flatnonzero(present))
        return records.select(self.column, self.reader), present

    def _checked_classes(self) -> list[Hashable]:
        if not hasattr(self.classifier, "predict_proba"):
            raise self.refusal(
                f"{quoted(self.classifier)} has no predict_proba. Wrap it in "
                "sklearn.calibration.CalibratedClassifierCV."
            )
        try:
            check_is_fitted(self.classifier)
        except NotFittedError as error:
            raise self.refusal(
                f"{quoted(self.classifier)} is not fitted. Fit it first, on labelled rows."
            ) from error
        return np.asarray(self.classifier.classes_).tolist()

    def _thresholds(self, classes: list[Hashable]) -> np.ndarray:
        if not isinstance(self.threshold, Mapping):
            return np.full(len(classes), self._checked_threshold(self.threshold))
        unknown = [label for label in self.threshold if label not in classes]
        if unknown:
            raise self.refusal(
                f"threshold has a class {quoted(unknown[0])} that the classifier does not; its classes "
                f"are {', '.join(map(quoted, classes))}."
            )
        thresholds = np.full(len(classes), np.inf)
        for label, threshold in self.threshold.items():
            thresholds[classes.index(label)] = self._checked_threshold(threshold)
        return thresholds

    def _checked_threshold(self, threshold: object) -> float:
        if not isinstance(threshold, (int, float, np.number)) or not 0 <= threshold <= 1:
            raise self.refusal(f"a threshold is a number in [0, 1], not {quoted(threshold)}.")
        return float(threshold)
