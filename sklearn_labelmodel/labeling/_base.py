"""Labeling functions: what they share, and the decorator that makes them of functions."""

from __future__ import annotations

import re
import sys
from abc import abstractmethod
from collections.abc import Callable, Hashable
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from .._utils import quoted
from .._utils.keeping import Savable
from .._utils.pages import HasPage
from ._records import LabelingFunctionError, Records, missing

if TYPE_CHECKING:
    from .._utils.types import RecordsLike

#: What a labeling function returns for a row that it cannot judge. Label models read every
#: missing value, and their own marker (-1, their parameter `abstain`), as an abstention.
ABSTAIN = None


class BaseLabelingFunction(HasPage, Savable, BaseEstimator):
    """What all labeling functions share: a name, and votes on a batch.

    Subclasses that vote on whole batches define `vote` and `_default_name`.
    """

    vectorized = True
    name: str | None

    def __call__(self, X: RecordsLike) -> np.ndarray:
        """Vote on a batch.

        Parameters
        ----------
        X : DataFrame, Series, array or list of n_samples records

        Returns
        -------
        votes : ndarray of shape (n_samples,)
        """
        return self.vote(Records(X))

    def get_name(self) -> str:
        """Return the name given, or one made of the parameters."""
        return self._default_name() if self.name is None else self.name

    @abstractmethod
    def vote(self, records: Records) -> np.ndarray:
        """Return one vote for each of the records."""

    @abstractmethod
    def _default_name(self) -> str:
        """Return a name made of the parameters."""


class ReadyMadeLF(BaseLabelingFunction):
    """A labeling function that is made of parameters, and named after them."""

    column: Any = None

    def _default_name(self) -> str:
        name = re.sub(r"[\s_]+", "_", self._described()).strip("_")
        return name[:60]

    @abstractmethod
    def _described(self) -> str:
        """Return what the labeling function does, to become its name."""

    def column_part(self) -> str:
        return "" if self.column is None else f"{self.column}_"

    @property
    def reader(self) -> str:
        return f"{type(self).__name__} {quoted(self.get_name())}"

    def refusal(self, problem: str) -> LabelingFunctionError:
        return LabelingFunctionError(f"{self.reader}: {problem}")

    def vote_where(self, rows: np.ndarray, label: Hashable) -> np.ndarray:
        if not np.isscalar(label) or missing(label):
            raise self.refusal(
                f"label is a class label, a number or a string, not {quoted(label)}."
            )
        votes = np.full(len(rows), None, dtype=object)
        votes[rows] = label
        return votes


class LabelingFunction(BaseLabelingFunction):
    """A function that votes on one record, or on a batch of them.

    Usually made with the decorator :func:`~sklearn_labelmodel.labeling_function`. Calling it calls the function.

    Parameters
    ----------
    function : callable
        Gets one record and returns a class label or None; with `vectorized=True`, gets the whole
        batch and returns one of these for each row.
    name : str or None, default=None
        None takes the function's name.
    vectorized : bool, default=False
        Whether the function votes on whole batches.
    """

    _doc_link_template = HasPage._doc_link_template.replace("{", "labeling.{")

    def __init__(
        self, function: Callable[..., object], name: str | None = None, vectorized: bool = False
    ) -> None:
        self.function = function
        self.name = name
        self.vectorized = vectorized

    def __setstate__(self, state: dict[str, object]) -> None:
        super().__setstate__(state)
        if isinstance(self.function, LabelingFunction):
            # By the name of a decorated function, a file finds what the decorator made of it.
            self.function = self.function.function

    def __call__(self, record: object) -> Any:
        """Call the function itself, on one record or, if vectorized, on a batch."""
        return self.function(record)

    def vote(self, records: Records) -> Any:
        return self.function(records.data)

    def _default_name(self) -> str:
        # Snorkel's labeling functions have a name and no __name__.
        own_name = getattr(self.function, "name", None)
        name = own_name if isinstance(own_name, str) else getattr(self.function, "__name__", None)
        if name is None or name == "<lambda>":
            raise LabelingFunctionError(
                f"the labeling function {quoted(self.function)} has no name. "
                "Give it one: labeling_function(name='...')(function)."
            )
        return name


def labeling_function(name: str | None = None, vectorized: bool = False) -> Any:
    """Make a labeling function of a function; to be used as a decorator.

    Parameters
    ----------
    name : str or None, default=None
        Name of the column of votes. None takes the function's name.
    vectorized : bool, default=False
        False: the function gets one row and returns its vote. The row of a DataFrame is like a
        namedtuple, `row.title` or `row["title"]`; of a list, a Series or a one-dimensional
        array it is the element itself; of a two-dimensional array a one-dimensional one; of a
        sparse matrix one of a single row.
        True: the function gets the whole batch and returns an array of votes, one for each row.

    Returns
    -------
    decorator : callable
        Makes a :class:`~sklearn_labelmodel.labeling.LabelingFunction`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_labelmodel.labeling import (
    ...     ABSTAIN, LabelingFunctions, labeling_function)
    >>> @labeling_function()
    ... def has_link(text):
    ...     return "spam" if "http" in text else ABSTAIN
    >>> @labeling_function(vectorized=True)
    ... def short(texts):
    ...     return np.where([len(text) < 8 for text in texts], "ham", ABSTAIN)
    >>> LabelingFunctions([has_link, short]).transform(["see http://a.b", "lovely"])
    array([['spam', None],
           [None, 'ham']], dtype=object)
    """
    if callable(name):
        return labeling_function()(name)

    def decorate(function: Callable[..., object]) -> LabelingFunction:
        if not callable(function):
            raise TypeError(f"labeling_function decorates a function, not {quoted(function)}.")
        _keep_picklable(function)
        decorated = LabelingFunction(function, name=name, vectorized=vectorized)
        decorated.name = decorated.get_name()
        return decorated

    return decorate


def _keep_picklable(function: Callable[..., object]) -> None:
    """Give pickle, which finds functions by name, a name if the function's own now means its LF."""
    name = getattr(function, "__qualname__", "<>")
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    if "<" in name or module is None or _attribute(module, name) is function:
        return
    function.__qualname__ = f"{name.replace('.', ':')}:function"
    setattr(module, function.__qualname__, function)


def _attribute(owner: object, dotted_name: str) -> object:
    return reduce(lambda found, name: getattr(found, name, None), dotted_name.split("."), owner)


def as_labeling_function(lf: object) -> BaseLabelingFunction:
    if isinstance(lf, BaseLabelingFunction):
        return lf
    if callable(lf) and not isinstance(lf, type):
        return LabelingFunction(lf)
    remedy = "Decorate a function with @labeling_function()"
    if isinstance(lf, type):
        remedy = f"Call it: {lf.__name__}(...)"
    elif hasattr(lf, "predict_proba"):
        remedy = "Wrap a fitted classifier: ClassifierLF(...)"
    raise LabelingFunctionError(f"{quoted(lf)} is no labeling function. {remedy}.")
