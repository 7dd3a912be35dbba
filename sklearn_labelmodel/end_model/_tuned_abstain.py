"""TunedAbstainClassifier: abstain where the labels would not be right often enough."""

from __future__ import annotations

import math
from collections.abc import Hashable
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _num_samples, check_is_fitted

from .._models.label_model import LabelModelClassifier
from .._models.scoring import gold_accuracy
from .._utils import check_row_order, listed_values, quoted, unchanged_on_error, warn_user
from .._utils.keeping import Savable
from .._utils.pages import HasPage
from .._votes.classes import check_same_kind
from .._votes.codes import GoldLabels
from .._votes.gold import UNLABELLED, read_gold
from .._votes.reader import markers_of
from ..inspection._decisions import probs_to_preds
from ._threshold import laxest_threshold, lower_bounds, precision_curve, why_none
from ._training_rows import (
    N_FOLDS,
    fit_on_fold,
    fit_on_labelled,
    gold_splits,
    innermost,
    labelled_rows,
    requires_labels,
)

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from .._utils.types import Classifier, CrossValidator, Estimator, LabelsLike, RecordsLike


class TunedAbstainClassifier(HasPage, Savable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Label the rows of which a classifier is certain enough to be right as often as wanted; abstain on others.

    The confidence of a row is the probability of its most probable class. Gold labels tell how often the classifier
    is right at or above each confidence, and the lowest threshold is chosen at which that is often enough.

    Parameters
    ----------
    estimator : classifier with predict_proba, default=None
        A label model, or any other classifier. None: :class:`LabelModelClassifier` with its defaults. A
        `sklearn.frozen.FrozenEstimator` of a fitted one is used as it is; the gold rows must then be others than
        those whose labels it was fitted with.
    precision : float, default=0.95
        Wanted share of right labels among the rows that get one, in (0, 1].
    confidence : float, default=0.9
        Probability, over draws of the gold rows, with which the precision on further rows is to be at least
        `precision`, in (0, 1). None: the share of right labels among the gold rows themselves is to reach
        `precision`; further rows then often miss it.
    cv : int, splitter, iterable of (train, test) or "ignore", default=5
        The labels that choose the threshold must not have trained the classifier.

        - A number of folds, or what scikit-learn takes as `cv`; it splits the rows with a gold label. Each is judged
          by a classifier that was fitted with the labels of other folds; a last one is fitted with all labels. Rows
          without a label take part in every fit of an estimator that does not require y, as label models do not.
        - "ignore": the estimator is fitted once, without y. Only for label models.
    abstain : int, float, str or None, default="auto"
        What is predicted for an abstain. "auto": -1, or None where the classes are no numbers or -1 is one.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Its classes.
    threshold_ : float
        Rows with at least this confidence get a label: in [0, 1], or infinite where no threshold will do. 0 if all
        rows may get one.
    gold_precision_ : float
        Share of the gold rows at or above the threshold that are labelled right, in [0, 1]; NaN without any.
    gold_coverage_ : float
        Share of the gold rows at or above the threshold, in [0, 1].
    precision_bound_ : float
        Lower bound of the precision at the threshold, in [0, 1]; NaN without any, or with ``confidence=None``.
    n_gold_ : int
        Number of gold rows that the threshold was chosen on.
    curve_ : Bunch
        Arrays of shape (n_thresholds,), from the strictest threshold to the laxest, which is 0: "threshold",
        "n_answered" (gold rows at or above it), "precision", "bound" (of the precision, from below) and "coverage". The
        laxest threshold with a bound of at least `precision` is chosen.
    abstain_ : int, float, str or None
        The marker that `predict` writes.
    n_features_in_ : int
        Number of columns, where the estimator knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the estimator knows them.

    See Also
    --------
    probs_to_preds : Labels at a threshold of your own.
    sklearn.model_selection.TunedThresholdClassifierCV : Choose between two classes, without abstaining.

    Notes
    -----
    The gold rows must be a random sample of the rows to be labelled. The precision is that of all labels together;
    single classes can be above and below it.

    Each threshold is a hypothesis, "labels at or above it are right less often than wanted", which is rejected where
    the exact lower bound of the precision (Clopper and Pearson's, one-sided) reaches the wanted one; the laxest
    rejected one is chosen [1]_. All bounds are at one level, so much stricter than ``1 - confidence`` that under the
    least favourable hypothesis, labels right exactly as often as wanted whatever their confidence, any of them is too
    high with probability ``1 - confidence``. That level is computed exactly: as the thresholds share most of their
    rows, it is far less strict than a division by their number.

    So a threshold that is too lax is chosen with probability ``1 - confidence`` at most, wherever more certain labels
    are right at least as often as less certain ones, for a classifier that saw none of the gold labels
    (``cv="ignore"`` or a frozen one), as in selective classification [2]_. With folds, the classifiers of the folds are
    taken to be as good, and as certain, as the last one.

    At least ``log(1 - confidence) / log(precision)`` gold rows are needed, even if all are labelled right: 45 for the
    defaults, and several hundred where some are wrong.

    References
    ----------
    .. [1] A. Angelopoulos, S. Bates, E. Candes, M. Jordan, L. Lei. Learn then Test: Calibrating Predictive
       Algorithms to Achieve Risk Control. arXiv:2110.01052, 2021.
    .. [2] Y. Geifman, R. El-Yaniv. Selective Classification for Deep Neural Networks. NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_labelmodel import LabelModelClassifier, TunedAbstainClassifier
    >>> from sklearn_labelmodel.datasets import make_label_matrix
    >>> data = make_label_matrix(2000, 8, accuracy=0.8, coverage=0.5, random_state=0)
    >>> y = np.where(np.arange(2000) < 300, data.y, -1)
    >>> model = TunedAbstainClassifier(LabelModelClassifier(), precision=0.9).fit(data.L, y)
    >>> labels = model.predict(data.L[300:])
    >>> bool(np.mean((labels == data.y[300:])[labels != -1]) >= 0.9)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "precision": [Interval(Real, 0, 1, closed="right")],
        "confidence": [Interval(Real, 0, 1, closed="neither"), None],
        "cv": ["cv_object", StrOptions({"ignore"})],
        "abstain": [Real, str, None],
    }

    def __init__(
        self,
        estimator: Classifier | None = None,
        *,
        precision: float = 0.95,
        confidence: float | None = 0.9,
        cv: CrossValidator = N_FOLDS,
        abstain: Hashable | None = "auto",
    ):
        self.estimator = estimator
        self.precision = precision
        self.confidence = confidence
        self.cv = cv
        self.abstain = abstain

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: RecordsLike, y: LabelsLike | None = None) -> TunedAbstainClassifier:
        """Fit the estimator and choose the threshold.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples rows
            What the estimator takes; votes, for a label model.
        y : array-like of shape (n_samples,)
            Gold labels of all or some rows. -1 (unless it is a class) or a missing value marks a row without one.

        Returns
        -------
        self : TunedAbstainClassifier

        Raises
        ------
        ValueError
            No gold labels; too few for folds; ``precision=1`` with a confidence; an `abstain` that is a class;
            whatever the estimator refuses.

        Warns
        -----
        UserWarning
            No threshold reaches the precision: every row will abstain.
        """
        with unchanged_on_error(self):
            if self.precision == 1 and self.confidence is not None:
                raise ValueError(
                    "precision=1 cannot be assured by any number of gold rows; lower it, or pass confidence=None."
                )
            check_row_order(X=X, y=y)
            X = indexable(X)[0]
            _check_any_gold(y, _num_samples(X))
            self.estimator_, gold = self._fit_on_all(X, y)
            _check_unlabelled_is_no_class(self._wrapped(), gold)
            self.classes_ = np.asarray(self.estimator_.classes_)
            self.abstain_ = _abstain_marker(self.abstain, self.classes_)
            check_same_kind(self.classes_, gold.values, ("classes", "labels of y"))
            certainty, right = self._judged(X, gold)
            self.n_gold_ = len(right)
            self.curve_ = precision_curve(certainty, right)
            self.curve_.bound = lower_bounds(self.curve_, self.precision, self.confidence)
            self._choose()
            for name in ("n_features_in_", "feature_names_in_"):
                if hasattr(self.estimator_, name):
                    setattr(self, name, getattr(self.estimator_, name))
                elif hasattr(self, name):
                    delattr(self, name)
        return self

    def _wrapped(self) -> Any:
        return LabelModelClassifier() if self.estimator is None else self.estimator

    def _is_fitted_without_gold(self) -> bool:
        # The only string that `cv` may be is "ignore".
        return isinstance(self.estimator, FrozenEstimator) or isinstance(self.cv, str)

    def _fit_on_all(self, X: RecordsLike, y: LabelsLike | None) -> tuple[Any, GoldLabels]:
        """Fit the classifier that will predict; only then it is known whether -1 is a class."""
        estimator, n_samples = clone(self._wrapped()), _num_samples(X)
        if self._is_fitted_without_gold():
            if not isinstance(estimator, FrozenEstimator) and requires_labels(estimator):
                raise ValueError(
                    f"cv='ignore' fits without labels, but {type(estimator).__name__} requires them. Pass a number of "
                    "folds, or a FrozenEstimator fitted with labels of other rows."
                )
            estimator.fit(X, None)
        elif requires_labels(estimator):
            gold = read_gold(y, n_samples)
            fit_on_labelled(estimator, X, gold, labelled_rows(gold))
            return estimator, gold
        else:
            estimator.fit(X, y)
        return estimator, read_gold(y, n_samples, classes=estimator.classes_)

    def _judged(
        self, X: RecordsLike, gold: GoldLabels
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Confidence of each gold row, and whether its label is right, by classifiers that did not see its label."""
        rows = labelled_rows(gold)
        certainty, right = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=bool)
        if self._is_fitted_without_gold():
            splits: Any = [(None, np.arange(len(rows)))]
        else:
            splits = gold_splits(self.cv, X, gold, rows)
        for train, test in splits:
            estimator = self.estimator_
            if train is not None:
                estimator = clone(self._wrapped())
                fit_on_fold(estimator, X, gold, rows[train])
            proba = np.asarray(estimator.predict_proba(_safe_indexing(X, rows[test])))
            predicted = np.asarray(estimator.classes_)[np.argmax(proba, axis=1)]
            certainty[test] = proba.max(axis=1)
            right[test] = predicted == gold.values[gold.codes[rows[test]]]
        held_out = ~np.isnan(certainty)
        return certainty[held_out], right[held_out]

    def _choose(self) -> None:
        curve = self.curve_
        chosen = laxest_threshold(curve, curve.bound, self.precision)
        if chosen is None:
            self.threshold_, self.gold_coverage_ = math.inf, 0.0
            self.gold_precision_ = self.precision_bound_ = math.nan
            warn_user(why_none(curve, self.precision, self.confidence))
            return
        self.threshold_ = float(curve.threshold[chosen])
        self.gold_precision_ = float(curve.precision[chosen])
        self.gold_coverage_ = float(curve.coverage[chosen])
        self.precision_bound_ = float(curve.bound[chosen])

    def predict(self, X: RecordsLike) -> NDArray[Any]:
        """Label the rows with at least the chosen confidence, and abstain on the others.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples rows

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            A class or, for an abstain, `abstain_`. Of dtype object where `abstain_` is not of the classes' kind. Of
            classes that share the highest probability, the first.
        """
        proba = self.predict_proba(X)
        threshold = min(self.threshold_, 1.0)
        labels = probs_to_preds(
            np.clip(proba, 0, 1), self.classes_, "first", threshold, abstain=self.abstain_
        )
        if self.threshold_ > 1:
            labels[:] = self.abstain_
        return labels

    def predict_proba(self, X: RecordsLike) -> NDArray[np.float64]:
        """Probability of every class, by the estimator, for every row; shape (n_samples, n_classes)."""
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict_proba(X))

    def predict_log_proba(self, X: RecordsLike) -> NDArray[np.float64]:
        """Logarithm of `predict_proba`, shape (n_samples, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def score(self, X: RecordsLike, y: LabelsLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of rows that get a label, and the right one.

        An abstain does not count as right. So, of models held to the same precision, the one that labels more rows
        scores higher.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples rows
        y : array-like of shape (n_samples,)
            Gold labels; rows labelled -1 (unless it is a class) or with a missing value do not count.
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
        hint = "score needs gold labels of some rows as y."
        return gold_accuracy(self, X, y, sample_weight, hint)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        wrapped = get_tags(self._wrapped())
        tags.input_tags = wrapped.input_tags
        tags.classifier_tags = wrapped.classifier_tags or tags.classifier_tags
        tags.non_deterministic = wrapped.non_deterministic
        return tags


def _check_any_gold(y: LabelsLike | None, n_samples: int) -> None:
    if y is None:
        fault = "requires y to be passed, but the target y is None"
    elif not read_gold(y, n_samples).n_labelled:
        fault = "found no gold label in y: every row is marked as unlabelled (-1 or missing)"
    else:
        return
    raise ValueError(
        f"TunedAbstainClassifier {fault}. The threshold is chosen on rows whose label is known: label some rows, drawn "
        "at random. Without any, choose a threshold yourself with probs_to_preds."
    )


def _check_unlabelled_is_no_class(estimator: Estimator, gold: GoldLabels) -> None:
    """A -1 that is an abstain in the votes cannot be a label: all rows without one would count as labelled."""
    if UNLABELLED in gold.values.tolist() and UNLABELLED in markers_of(
        getattr(innermost(estimator), "abstain", None)
    ):
        others = [label for label in gold.values.tolist() if label != UNLABELLED]
        raise ValueError(
            f"All labelled rows of y are of one class, {listed_values(others)}, so -1 would count as the other class, "
            "and every row as labelled. Name the classes, as in LabelModelClassifier(classes=[0, 1]); or, if -1 is a "
            "class, set the label model's `abstain` to another value."
        )


def _abstain_marker(abstain: Hashable | None, classes: NDArray[Any]) -> Hashable | None:
    labels = classes.tolist()
    if isinstance(abstain, str) and abstain == "auto":
        return -1 if classes.dtype.kind in "iuf" and -1 not in labels else None
    if abstain in labels:
        raise ValueError(
            f"abstain={quoted(abstain)} is one of the classes {listed_values(labels)}; choose a marker that is none, "
            "or None."
        )
    return abstain
