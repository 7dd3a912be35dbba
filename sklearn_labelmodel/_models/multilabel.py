"""Rows that may have several labels: one label model for each label."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from .._utils import listed, listed_values, quoted, warn_user
from .._utils.keeping import Savable
from .._utils.pages import HasPage
from .._utils.tables import is_arrow
from .._votes.containers import without_masked
from .._votes.reader import is_missing
from .base import BaseLabelModel
from .label_model import LabelModelClassifier
from .scoring import weighted_mean
from .votes_by_label import (
    MOST_NAMES,
    check_rows,
    in_order,
    labels_given,
    n_samples_of,
    votes_by_label,
)

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.utils import Tags

    from .._utils.types import LabelsLike, VoteMatrix, VotesByLabel
    from ..inspection import Finding, FitReport


@dataclass(frozen=True, eq=False, repr=False)
class MultilabelReport:
    """What is to be said of the fits of all labels; `print` it, or look at its parts.

    Attributes
    ----------
    reports : dict
        From each label to the `FitReport` of its label model.
    """

    reports: dict[Hashable, FitReport]

    @property
    def findings(self) -> tuple[tuple[Hashable, Finding], ...]:
        """Each label with what was found, the labels in order, the worst of each first."""
        return tuple(
            (label, each) for label, report in self.reports.items() for each in report.findings
        )

    @property
    def lfs(self) -> pd.DataFrame:
        """The reports' tables of LFs, one below the other, indexed by label and LF."""
        import pandas as pd

        return pd.concat(
            {label: report.lfs for label, report in self.reports.items()}, names=["label", "lf"]
        )

    def __str__(self) -> str:
        silent = [quoted(label) for label, report in self.reports.items() if not report.findings]
        parts = [
            f"{quoted(label)}: {report}"
            for label, report in self.reports.items()
            if report.findings
        ]
        nothing = [f"nothing found: {listed(silent, MOST_NAMES)}"] if silent else []
        return "\n".join([f"{len(self.reports)} labels", *parts, *nothing])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from ..inspection._page.page import folded

        return folded(self.reports)


class MultilabelClassifier(HasPage, Savable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Label rows that may have several labels, or none: a label model for each label.

    Parameters
    ----------
    label_model : label model or None, default=None
        Fitted anew for each label. None takes `LabelModelClassifier()`. Where its `classes` are given, there are two,
        and the second says that a row has the label; else these are 0 and 1.
    labels : array-like of shape (n_labels,), default=None
        The labels and their order. None takes those of X: in its order, or sorted where cells are sets.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        The labels.
    label_models_ : dict
        From each label to its fitted label model.

    See Also
    --------
    LabelModelClassifier : Rows with one label each.

    Notes
    -----
    X takes one of four forms:

    - a dict from label to L, any label matrix of votes 0 and 1 (or False and True): whether the row has the label.
      LFs may differ from label to label;
    - a pandas DataFrame with two levels of columns, label and LF, and such votes;
    - an array of shape (n_samples, n_labels, n_lfs) of such votes;
    - a DataFrame, array or list of shape (n_samples, n_lfs) whose cells are lists or sets of labels. A set votes for
      the labels in it and against all others; an empty one against all; a missing value abstains.

    Labels are learned apart from each other. Predictions take scikit-learn's multilabel form, as of
    `OneVsRestClassifier`. Scikit-learn's own checks feed matrices with two axes, which are no votes on several labels;
    those that need no X pass.

    Examples
    --------
    >>> from sklearn_labelmodel import MajorityVoteClassifier, MultilabelClassifier
    >>> X = [[{"sports"}, {"sports", "law"}, ["sports"]],
    ...      [{"law"}, None, ["law"]],
    ...      [set(), {"sports"}, []]]
    >>> model = MultilabelClassifier(MajorityVoteClassifier()).fit(X)
    >>> model.classes_
    array(['law', 'sports'], dtype=object)
    >>> model.predict(X)
    array([[0, 1],
           [1, 0],
           [0, 0]])
    >>> model.predict_proba(X).round(2)
    array([[0.33, 1.  ],
           [1.  , 0.  ],
           [0.  , 0.33]])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "label_model": [HasMethods(["fit", "predict", "predict_proba"]), None],
        "labels": ["array-like", None],
    }

    def __init__(
        self, label_model: BaseLabelModel | None = None, *, labels: ArrayLike | None = None
    ) -> None:
        self.label_model = label_model
        self.labels = labels

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: VotesByLabel, y: LabelsLike | None = None) -> MultilabelClassifier:
        """Fit a label model for each label.

        Parameters
        ----------
        X : dict, DataFrame, array or list
            Votes; see Notes of the class for the forms.
        y : array-like of shape (n_samples, n_labels), default=None
            Gold labels as an indicator matrix: 1 where the row has the label, 0 where it has not, -1 or a missing value
            where that is not known. The columns of a DataFrame are matched by name.

        Returns
        -------
        self : MultilabelClassifier

        Raises
        ------
        ValueError, TypeError
            X of none of the forms, or that the label model refuses: the message names the label. The same index in
            another order.
        """
        votes = votes_by_label(X, None if self.labels is None else labels_given(self.labels))
        model = LabelModelClassifier() if self.label_model is None else self.label_model
        classes = _two_classes(model)
        check_rows(X, y=y)
        gold = _read_indicators(y, list(votes), n_samples_of(votes))
        fitted, said = {}, _Said()
        for j, (label, L) in enumerate(votes.items()):
            known = _as_classes(gold[:, j], classes)
            with said.of(label):
                fitted[label] = clone(model).set_params(classes=classes).fit(L, known)
        said.warn()
        self.classes_, self.label_models_ = _as_array(list(votes)), fitted
        return self

    def predict_proba(self, X: VotesByLabel) -> NDArray[np.float64]:
        """Probability that each row has each label.

        Parameters
        ----------
        X : dict, DataFrame, array or list
            Votes, as in `fit`, on the same labels.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_labels), dtype float64
            In [0, 1], columns in the order of `classes_`; a row's do not add up to 1.

        Raises
        ------
        NotFittedError
            `fit` was not called.
        ValueError, TypeError
            As in `fit`, and other labels than in `fit`.
        """
        return self._by_label(X, lambda model, L: model.predict_proba(L)[:, 1])

    def predict(self, X: VotesByLabel) -> NDArray[np.int64]:
        """Which labels each row has, an indicator matrix of shape (n_samples, n_labels); none on a tie.

        Parameters and errors are those of `predict_proba`.
        """
        return self._by_label(X, lambda model, L: model.predict(L) == model.classes_[1]).astype(int)

    def score(
        self,
        X: VotesByLabel,
        y: LabelsLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Share of rows of which all labels are right, as scikit-learn's `accuracy_score` says.

        Parameters
        ----------
        X : dict, DataFrame, array or list
        y : array-like of shape (n_samples, n_labels)
            Rows that have a label that is not known (-1 or missing) do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative, and not zero in all rows that count.

        Returns
        -------
        score : float
            In [0, 1].

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `predict_proba`; a ValueError also where no row is known, and for weights of which none counts.
        """
        check_is_fitted(self)
        check_rows(X, y=y, sample_weight=sample_weight)
        predicted = self.predict(X)
        gold = _read_indicators(y, self.classes_.tolist(), len(predicted))
        known = ~np.isnan(gold).any(axis=1)
        if not known.any():
            raise ValueError("y knows all labels of no row, so that there is nothing to score.")
        weight = _check_sample_weight(sample_weight, np.empty((len(gold), 1)))[known]
        return weighted_mean((predicted == gold)[known].all(axis=1), weight)

    def report(
        self,
        X: VotesByLabel,
        y: LabelsLike | None = None,
        reference: MultilabelReport | VotesByLabel | None = None,
        ignore: Iterable[str] = (),
    ) -> MultilabelReport:
        """Say what is wrong, or may be, with the LFs and fits of all labels.

        Parameters
        ----------
        X : dict, DataFrame, array or list
            Votes, usually those of `fit`.
        y : array-like of shape (n_samples, n_labels), default=None
            Gold labels, as in `fit`, to hold labels and LFs against.
        reference : MultilabelReport, or votes as X, default=None
            An older report, or older votes of the same LFs: what drifted since is found.
        ignore : list of str, default=()
            Codes of findings that you do not want to hear of again.

        Returns
        -------
        report : MultilabelReport
            With `reports` of each label, `findings` and the table `lfs`; `print` shows the gist.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `predict_proba`; a ValueError also for y or reference that do not fit, and unknown codes.
        """
        votes, older = self._read(X), self._older(reference)
        check_rows(X, y=y)
        gold = _read_indicators(y, list(votes), n_samples_of(votes))
        codes = [ignore] if isinstance(ignore, str) else list(ignore)
        reports, said = {}, _Said()
        for j, (label, L) in enumerate(votes.items()):
            model = self.label_models_[label]
            known = _as_classes(gold[:, j], model.classes_.tolist())
            with said.of(label):
                reports[label] = model.report(L, known, older.get(label), codes)
        said.warn()
        return MultilabelReport(reports)

    def _older(self, reference: MultilabelReport | VotesByLabel | None) -> dict[Hashable, Any]:
        """What the report of each label is held against."""
        if reference is None:
            return {}
        try:
            if isinstance(reference, MultilabelReport):
                return in_order(reference.reports, self.classes_.tolist(), "it")
            return self._read(reference)
        except (ValueError, TypeError) as error:
            raise type(error)(f"reference: {error}") from error

    def _read(self, X: VotesByLabel) -> dict[Hashable, Any]:
        check_is_fitted(self)
        check_rows(X)
        return votes_by_label(X, self.classes_.tolist())

    def _by_label(
        self,
        X: VotesByLabel,
        predicted: Callable[[BaseLabelModel, VoteMatrix], NDArray[Any]],
    ) -> NDArray[Any]:
        columns, said = [], _Said()
        for label, L in self._read(X).items():
            with said.of(label):
                columns.append(predicted(self.label_models_[label], L))
        said.warn()
        return np.column_stack(columns)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "label_models_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        return tags


def _two_classes(model: BaseLabelModel) -> list[Any]:
    classes = model.get_params().get("classes")
    listed_classes = [0, 1] if classes is None else np.asarray(classes).tolist()
    if len(listed_classes) != 2:
        raise ValueError(
            f"classes of the label model are {listed_values(listed_classes)}; of each label there are two, that a row "
            "has it not, and that it has it. Leave them out for 0 and 1."
        )
    return listed_classes


def _as_array(labels: list[Hashable]) -> NDArray[Any]:
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    is_number = all(isinstance(label, int | float | np.number) for label in labels)
    return np.array(labels) if is_number else array


class _Said:
    """What the label models of some labels say: errors with the label's name, warnings once for all labels."""

    def __init__(self) -> None:
        self._warnings: dict[tuple[str, type[Warning]], list[str]] = {}

    @contextmanager
    def of(self, label: object) -> Iterator[None]:
        """Name the label in errors, and keep its warnings."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            except (ValueError, TypeError) as error:
                raise type(error)(f"label {quoted(label)}: {error}") from error
        for each in caught:
            self._warnings.setdefault((str(each.message), each.category), []).append(quoted(label))

    def warn(self) -> None:
        """Give each warning that was kept, with the labels that it is of."""
        for (message, category), names in self._warnings.items():
            noun = "label" if len(names) == 1 else "labels"
            warn_user(f"{noun} {listed(names, MOST_NAMES)}: {message}", category)


# Gold labels --------------------------------------------------------------------------------------


def _read_indicators(
    y: LabelsLike | None, labels: list[Hashable], n_samples: int
) -> NDArray[np.float64]:
    """Which labels the rows have, 0 or 1, NaN where that is not known, shape (n_samples, n_labels)."""
    if y is None:
        return np.full((n_samples, len(labels)), np.nan)
    table: Any = y.to_pandas() if is_arrow(y) else y
    if hasattr(table, "columns"):
        in_order(dict.fromkeys(table.columns), labels, "y")
        table = table[labels]
    indicators = np.asarray(table.to_numpy() if hasattr(table, "to_numpy") else table, dtype=object)
    if np.ma.isMaskedArray(table):
        indicators = without_masked(table)
    if indicators.shape != (n_samples, len(labels)):
        raise ValueError(
            f"y has shape {indicators.shape}; it must be an indicator matrix, a row for each of X's {n_samples} and a "
            f"column for each of the {len(labels)} labels."
        )
    unknown = np.array([is_missing(value) or value == -1 for value in indicators.flat], dtype=bool)
    unknown = unknown.reshape(indicators.shape)
    known = np.where(unknown, -1, indicators)
    wrong = np.argwhere(~np.isin(known, [-1, 0, 1]))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"y, row {row}, label {quoted(labels[column])}: {quoted(indicators[row, column])} is neither 1 nor 0, nor "
            "-1 or missing for what is not known."
        )
    return np.where(unknown, np.nan, known).astype(np.float64)


def _as_classes(known: NDArray[np.float64], classes: list[Hashable]) -> NDArray[Any] | None:
    """Gold labels as the label model's classes, None where not known; None where none is."""
    if np.isnan(known).all():
        return None
    labels = np.array([*classes, None], dtype=object)
    return labels[np.where(np.isnan(known), 2, known).astype(np.intp)]
