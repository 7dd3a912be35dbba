"""Ready-made labeling functions for texts and tables; each votes on a whole batch at once."""

from __future__ import annotations

import copy
import numbers
import operator
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_labelmodel._lf_base import BaseLabelingFunction
from sklearn_labelmodel._records import LabelingFunctionError, Records, missing, object_array

_OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}

# Up to here looking for each word in all texts is faster than one regular expression of all.
_FEW_WORDS = 8


class _ReadyMade(BaseLabelingFunction):
    """A labeling function that is made of parameters, and named after them."""

    column: Any = None

    def _default_name(self) -> str:
        name = re.sub(r"[\s_]+", "_", self._described()).strip("_")
        return name[:60]

    def _described(self) -> str:
        raise NotImplementedError

    def _of_column(self) -> str:
        return "" if self.column is None else f"{self.column}_"

    @property
    def _reader(self) -> str:
        return f"{type(self).__name__} {self.get_name()!r}"

    def _refuse(self, problem: str) -> LabelingFunctionError:
        return LabelingFunctionError(f"{self._reader}: {problem}")

    def _vote_where(self, rows: np.ndarray, label: Any) -> np.ndarray:
        if not np.isscalar(label) or label != label:
            raise self._refuse(f"label is a class label, a number or a string, not {label!r}.")
        votes = np.full(len(rows), None, dtype=object)
        votes[rows] = label
        return votes


class RegexLF(_ReadyMade):
    """Vote for a label where a regular expression is found in a text.

    Missing texts abstain.

    Parameters
    ----------
    pattern : str or re.Pattern
        Searched for anywhere in the text, with `re.search`.
    label : int, float, bool or str
        The class voted for.
    column : hashable or None, default=None
        The texts' column, by name or position. None for one-dimensional records and for tables of
        one column.
    flags : int, default=0
        Such as `re.IGNORECASE`.
    name : str or None, default=None
        None makes one of the column and the pattern.

    Raises
    ------
    LabelingFunctionError
        If the pattern is invalid, the column is missing, or a value is neither a string nor missing.

    Examples
    --------
    >>> from sklearn_labelmodel.labeling import RegexLF
    >>> RegexLF(r"https?://", label="spam")(["see http://a.b", "lovely", None])
    array(['spam', None, None], dtype=object)
    """

    def __init__(self, pattern, label, *, column=None, flags=0, name=None):
        self.pattern = pattern
        self.label = label
        self.column = column
        self.flags = flags
        self.name = name

    def _described(self) -> str:
        return f"regex_{self._of_column()}{getattr(self.pattern, 'pattern', self.pattern)}"

    def vote(self, records: Records) -> np.ndarray:
        search = self._compiled().search
        texts = records.texts(self.column, self._reader)
        found = np.fromiter(
            (search(text) is not None for text in texts.values), bool, len(texts.values)
        )
        return self._vote_where(found & texts.present, self.label)

    def _compiled(self) -> re.Pattern:
        try:
            return re.compile(self.pattern, self.flags)
        except (re.error, TypeError, ValueError) as error:
            raise self._refuse(f"the pattern {self.pattern!r} does not compile: {error}") from error


class KeywordLF(_ReadyMade):
    """Vote for a label where a text contains one of some words or phrases.

    Missing texts abstain.

    Parameters
    ----------
    words : str or iterable of str
        A string is one word or phrase. Blanks in phrases are matched as they are. Some words are
        found fastest, but thousands cost little more.
    label : int, float, bool or str
        The class voted for.
    column : hashable or None, default=None
        The texts' column, by name or position. None for one-dimensional records and for tables of
        one column.
    case_sensitive : bool, default=False
        Whether capitals matter. If not, both sides are compared as `str.casefold` makes them.
    word_boundaries : bool, default=True
        True: "art" is not found in "party". Where a word begins or ends with a character that is
        no letter, digit or underscore ("c++"), anything may stand on that side.
    name : str or None, default=None
        None makes one of the column and the first words.

    Raises
    ------
    LabelingFunctionError
        If there are no words or an empty one, the column is missing, or a value is neither a
        string nor missing.

    Examples
    --------
    >>> from sklearn_labelmodel.labeling import KeywordLF
    >>> KeywordLF(["free", "check out"], label=1)(["FREE beer", "freedom", "check out my song"])
    array([1, None, 1], dtype=object)
    """

    def __init__(
        self, words, label, *, column=None, case_sensitive=False, word_boundaries=True, name=None
    ):
        self.words = words
        self.label = label
        self.column = column
        self.case_sensitive = case_sensitive
        self.word_boundaries = word_boundaries
        self.name = name

    def _described(self) -> str:
        words = [self.words] if isinstance(self.words, str) else self.words
        words = list(map(str, words)) if isinstance(words, Iterable) else []
        more = f"_and_{len(words) - 3}_more" if len(words) > 3 else ""
        return f"keyword_{self._of_column()}{'_'.join(words[:3])}{more}"

    def vote(self, records: Records) -> np.ndarray:
        words = self._checked_words()
        texts = records.texts(self.column, self._reader)
        values = texts.values if self.case_sensitive else texts.casefolded
        search = re.compile(_any_word(words, self.word_boundaries)).search
        found = np.zeros(len(values), dtype=bool)
        for position in _candidates(values, words):
            found[position] = search(values[position]) is not None
        return self._vote_where(found, self.label)

    def _checked_words(self) -> list[str]:
        words = [self.words] if isinstance(self.words, str) else self.words
        if not isinstance(words, Iterable):
            raise self._refuse(f"words is a list of strings, not {words!r}.")
        words = list(words)
        wrong = [word for word in words if not isinstance(word, str) or not word]
        if wrong or not words:
            found = f"one is {wrong[0]!r}" if wrong else "there are none"
            raise self._refuse(f"words is a list of strings that are not empty, and {found}.")
        return words if self.case_sensitive else [word.casefold() for word in words]


def _candidates(texts: list[str], words: list[str]) -> Iterable[int]:
    """Return positions among which are those of all texts that contain a word."""
    if len(words) > _FEW_WORDS:
        return range(len(texts))
    contains_any = np.zeros(len(texts), dtype=bool)
    for word in words:
        contains_any |= np.fromiter((word in text for text in texts), bool, len(texts))
    return np.flatnonzero(contains_any).tolist()


def _any_word(words: list[str], word_boundaries: bool) -> str:
    """Return the pattern that finds any of the words."""
    if not word_boundaries:
        return _any_suffix(sorted(set(words)))
    by_edges = sorted({(_is_word(word[0]), _is_word(word[-1]), word) for word in words})
    alternatives = []
    for (starts, ends), group in groupby(by_edges, key=lambda item: item[:2]):
        before, after = r"(?<!\w)" if starts else "", r"(?!\w)" if ends else ""
        alternatives.append(before + _any_suffix([word for *_, word in group]) + after)
    return "|".join(alternatives)


def _any_suffix(suffixes: list[str]) -> str:
    """Return a pattern that branches letter by letter, so that its time hardly grows with words.

    `suffixes` are sorted and unique.
    """
    if len(suffixes) == 1:
        return re.escape(suffixes[0])
    branches = [
        re.escape(letter) + _any_suffix([suffix[1:] for suffix in group])
        for letter, group in groupby(suffixes, key=lambda suffix: suffix[:1])
    ]
    return f"(?:{'|'.join(branches)})"


def _is_word(character: str) -> bool:
    return re.match(r"\w", character) is not None


class ThresholdLF(_ReadyMade):
    """Vote for a label where a column compares with a value.

    Missing values abstain, whatever the operator.

    Parameters
    ----------
    column : hashable or None
        By name or position. None for one-dimensional records and for tables of one column.
    op : {">", ">=", "<", "<=", "==", "!="}
    value : float, str or Timestamp
        What the column is compared with.
    label : int, float, bool or str
        The class voted for.
    name : str or None, default=None
        None makes one of column, operator and value.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, or column and value do not compare, say strings and a number.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import ThresholdLF
    >>> visits = pd.DataFrame({"age": [15, 40, None]})
    >>> ThresholdLF("age", "<", 18, label="minor")(visits)
    array(['minor', None, None], dtype=object)
    """

    def __init__(self, column, op, value, label, *, name=None):
        self.column = column
        self.op = op
        self.value = value
        self.label = label
        self.name = name

    def _described(self) -> str:
        return f"{'value' if self.column is None else self.column}{self.op}{self.value}"

    def vote(self, records: Records) -> np.ndarray:
        compare = self._checked_operator()
        values = records.column(self.column, self._reader)
        present = ~missing(values)
        self._check_kinds(values, present, records)
        rows = np.zeros(len(values), dtype=bool)
        try:
            rows[present] = compare(pd.Series(values[present]).infer_objects(), self.value)
        except (TypeError, ValueError) as error:
            raise self._refuse(
                f"the column does not compare with {self.value!r}: {error}"
            ) from error
        return self._vote_where(rows, self.label)

    def _checked_operator(self) -> Any:
        if self.op not in _OPERATORS:
            raise self._refuse(f"op is one of {', '.join(_OPERATORS)}, not {self.op!r}.")
        if not np.isscalar(self.value) and not hasattr(self.value, "year") or _is_nan(self.value):
            raise self._refuse(f"value is one number, string or date, not {self.value!r}.")
        return _OPERATORS[self.op]

    def _check_kinds(self, values: np.ndarray, present: np.ndarray, records: Records) -> None:
        """Refuse strings where the value is a number, and numbers where it is a string."""
        is_number = isinstance(self.value, numbers.Number)
        if not is_number and not isinstance(self.value, str):
            return
        if values.dtype.kind in "biuf":
            wrong = present & (not is_number)
        else:
            kind = str if is_number else numbers.Number
            wrong = np.fromiter((isinstance(value, kind) for value in values), bool, len(values))
            wrong &= present
        remedy = "pandas.to_numeric" if is_number else "a number as value"
        demand = f"{self._reader} compares column {self.column!r} with {self.value!r}"
        records.refuse(wrong, values, demand, f"Use {remedy}.")


def _is_nan(value: Any) -> bool:
    return bool(value != value)


class LookupLF(_ReadyMade):
    """Vote for the label that a mapping has for a column's value.

    Values that the mapping does not have abstain, and missing ones do.

    Parameters
    ----------
    column : hashable or None
        By name or position. None for one-dimensional records and for tables of one column.
    mapping : dict or Series
        From a value to the class voted for, or to None.
    name : str or None, default=None
        None makes one of the column.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, a value cannot be looked up (a list, say), or all keys are
        numbers and all values strings or the other way round.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import LookupLF
    >>> mails = pd.DataFrame({"domain": ["a.edu", "b.biz", "c.org"]})
    >>> LookupLF("domain", {"a.edu": "ham", "b.biz": "spam"})(mails)
    array(['ham', 'spam', None], dtype=object)
    """

    def __init__(self, column, mapping, *, name=None):
        self.column = column
        self.mapping = mapping
        self.name = name

    def _described(self) -> str:
        return f"lookup_{self._of_column()}"

    def vote(self, records: Records) -> np.ndarray:
        mapping = self._checked_mapping()
        values = records.column(self.column, self._reader)
        present = ~missing(values)
        keys = values[present].tolist()
        self._check_kinds(mapping, keys)
        votes = np.full(len(values), None, dtype=object)
        try:
            votes[present] = object_array([mapping.get(key) for key in keys])
        except TypeError as error:
            raise self._refuse(f"a value cannot be looked up: {error}.") from error
        return votes

    def _checked_mapping(self) -> dict:
        if not isinstance(self.mapping, (Mapping, pd.Series)) or not len(self.mapping):
            raise self._refuse(f"mapping is a dict that is not empty, not {self.mapping!r}.")
        return dict(self.mapping)

    def _check_kinds(self, mapping: dict, keys: list) -> None:
        expected, found = _kinds(mapping), _kinds(keys)
        if {*expected, *found} == {"numbers", "strings"} and len(expected) == len(found) == 1:
            raise self._refuse(
                f"the mapping's keys are {expected.pop()}, but the column holds {found.pop()}. "
                "Convert one of them."
            )


def _kinds(values: Iterable) -> set[str]:
    types = set(map(type, values))
    return {
        "strings"
        if issubclass(one, str)
        else "numbers"
        if issubclass(one, numbers.Number)
        else "others"
        for one in types
    }


class ColumnLF(_ReadyMade):
    """Take votes that already exist, say of a language model or a person.

    Parameters
    ----------
    column : hashable
        By name or position.
    abstain : scalar or list of scalars or None, default=None
        Values that are abstentions, as missing ones always are.
    name : str or None, default=None
        None takes the column's.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, or a value is no number or string.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import ColumnLF
    >>> judged = pd.DataFrame({"judge": ["good", "unsure", "bad"]})
    >>> ColumnLF("judge", abstain="unsure")(judged)
    array(['good', None, 'bad'], dtype=object)
    """

    def __init__(self, column, *, abstain=None, name=None):
        self.column = column
        self.abstain = abstain
        self.name = name

    def _described(self) -> str:
        is_name = isinstance(self.column, str)
        return self.column if is_name else f"column_{'' if self.column is None else self.column}"

    def vote(self, records: Records) -> np.ndarray:
        values = records.column(self.column, self._reader)
        listed = isinstance(self.abstain, (list, tuple, set, frozenset, np.ndarray))
        markers = list(self.abstain) if listed else [self.abstain]
        abstains = np.isin(values, markers) if values.dtype.kind in "biuf" else None
        if abstains is None:
            abstains = missing(values) | pd.Series(values, dtype=object).isin(markers).to_numpy()
        if not abstains.any():
            return values
        votes = values.astype(object)
        votes[abstains] = None
        return votes


class ClassifierLF(_ReadyMade):
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

    def __init__(self, classifier, threshold=0.5, *, column=None, name=None):
        self.classifier = classifier
        self.threshold = threshold
        self.column = column
        self.name = name

    def _described(self) -> str:
        column = "_".join(map(str, self.column)) if isinstance(self.column, list) else self.column
        suffix = "" if column is None else f"_{column}"
        return f"classifier_{type(self.classifier).__name__.lower()}{suffix}"

    def get_params(self, deep: bool = True) -> dict:
        """Return the parameters, without those of the classifier, which stays as it was fitted."""
        return super().get_params(deep=False)

    def __sklearn_clone__(self):
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
        votes[positions] = object_array(classes)[best[sure]]
        return votes

    def _inputs(self, records: Records) -> tuple[Any, np.ndarray]:
        """Return what the classifier gets, and which rows these are."""
        present = np.ones(len(records), dtype=bool)
        if self.column is None:
            return records.data, present
        if not isinstance(self.column, list):
            present = ~missing(records.column(self.column, self._reader))
            records = records.take(np.flatnonzero(present))
        return records.select(self.column, self._reader), present

    def _checked_classes(self) -> list:
        if not hasattr(self.classifier, "predict_proba"):
            raise self._refuse(
                f"{self.classifier!r} has no predict_proba. Wrap it in "
                "sklearn.calibration.CalibratedClassifierCV."
            )
        try:
            check_is_fitted(self.classifier)
        except NotFittedError as error:
            raise self._refuse(
                f"{self.classifier!r} is not fitted. Fit it first, on labelled rows."
            ) from error
        return np.asarray(self.classifier.classes_).tolist()

    def _thresholds(self, classes: list) -> np.ndarray:
        if not isinstance(self.threshold, Mapping):
            return np.full(len(classes), self._checked_threshold(self.threshold))
        unknown = [label for label in self.threshold if label not in classes]
        if unknown:
            raise self._refuse(
                f"threshold has a class {unknown[0]!r} that the classifier does not; its classes "
                f"are {', '.join(map(repr, classes))}."
            )
        thresholds = np.full(len(classes), np.inf)
        for label, threshold in self.threshold.items():
            thresholds[classes.index(label)] = self._checked_threshold(threshold)
        return thresholds

    def _checked_threshold(self, threshold: Any) -> float:
        if not isinstance(threshold, numbers.Real) or not 0 <= threshold <= 1:
            raise self._refuse(f"a threshold is a number in [0, 1], not {threshold!r}.")
        return float(threshold)
