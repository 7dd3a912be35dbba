"""Weak supervision as scikit-learn estimators."""

import sys
from collections.abc import Iterable
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._models.dawid_skene import DawidSkeneClassifier
    from ._models.label_model import LabelModelClassifier
    from ._models.majority_vote import MajorityVoteClassifier
    from ._models.multilabel import MultilabelClassifier, MultilabelReport
    from ._votes.statistics import VoteStatistics
    from .end_model import TunedAbstainClassifier, WeakSupervisionClassifier, soft_label_expand
    from .inspection import filter_unlabeled, lf_summary, probs_to_preds, score_summary
    from .labeling import (
        ABSTAIN,
        BinLF,
        ClassifierLF,
        ColumnLF,
        KeywordLF,
        LabelingFunctions,
        LookupLF,
        RegexLF,
        ScoreLF,
        ThresholdLF,
        labeling_function,
        votes_from_long,
    )

__all__ = [
    "ABSTAIN",
    "BinLF",
    "ClassifierLF",
    "ColumnLF",
    "DawidSkeneClassifier",
    "KeywordLF",
    "LabelModelClassifier",
    "LabelingFunctions",
    "LookupLF",
    "MajorityVoteClassifier",
    "MultilabelClassifier",
    "MultilabelReport",
    "RegexLF",
    "ScoreLF",
    "ThresholdLF",
    "TunedAbstainClassifier",
    "VoteStatistics",
    "WeakSupervisionClassifier",
    "filter_unlabeled",
    "labeling_function",
    "lf_summary",
    "load",
    "probs_to_preds",
    "score_summary",
    "soft_label_expand",
    "votes_from_long",
]
__version__ = "0.1.0"

_HOMES = {
    "DawidSkeneClassifier": "_models.dawid_skene",
    "LabelModelClassifier": "_models.label_model",
    "MajorityVoteClassifier": "_models.majority_vote",
    "MultilabelClassifier": "_models.multilabel",
    "MultilabelReport": "_models.multilabel",
    "TunedAbstainClassifier": "end_model",
    "VoteStatistics": "_votes.statistics",
    "WeakSupervisionClassifier": "end_model",
    "soft_label_expand": "end_model",
    "filter_unlabeled": "inspection",
    "lf_summary": "inspection",
    "probs_to_preds": "inspection",
    "score_summary": "inspection",
}
_WINGS = ("datasets", "end_model", "inspection", "labeling")


def __getattr__(name: str) -> Any:
    """Load things when they are first asked for: importing stays quick."""
    if name in _WINGS:
        return import_module(f".{name}", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'labeling')}", __name__), name)


def load(path: str | PathLike[str], *, trusted: Iterable[Any] = ()) -> Any:
    """Load a model or any other estimator of this package that its method `save` saved.

    Nothing that the file names is run or imported unless it is of this package, of scikit-learn's estimators, or
    trusted.

    Parameters
    ----------
    path : str or path
        Of the file.
    trusted : iterable of str, types and functions, default=()
        What else the file may name: labeling functions, and functions and classes of your own or of other packages, as
        objects or as names such as "rules.has_link". Whoever wrote the file chooses with what they are called.

    Returns
    -------
    estimator : estimator
        As it was saved: predictions have the same bits.

    Raises
    ------
    ImportError
        skops is not installed.
    ValueError
        A file that is damaged, was changed, or is of a later version; one that names what is not trusted.
    OSError
        The file cannot be read.

    See Also
    --------
    LabelModelClassifier.save : Saves, as the method of any other estimator does.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import sklearn_labelmodel
    >>> from sklearn_labelmodel import LabelingFunctions, RegexLF
    >>> rules = LabelingFunctions([RegexLF("https?://", label="spam", name="link")])
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rules.skops"
    ...     _ = rules.save(path)
    ...     loaded = sklearn_labelmodel.load(path)
    >>> loaded.transform(["see http://a.b", "lovely"]).tolist()
    [['spam'], [None]]
    """
    from ._utils.keeping import read_model

    return read_model(path, trusted, _is_own)


def _is_own(name: str) -> bool:
    """Whether a name such as "module.Class" is that of a public class of this package that can be saved."""
    from ._utils.keeping import PlainState

    module, _, public = name.rpartition(".")
    if not module.startswith(f"{__name__}."):
        return False
    homes = (
        sys.modules[home] if home == __name__ else __getattr__(home) for home in (__name__, *_WINGS)
    )
    found = next((getattr(home, public) for home in homes if public in home.__all__), None)
    if not isinstance(found, type) or not issubclass(found, PlainState):
        return False
    return f"{found.__module__}.{found.__name__}" == name


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, *_WINGS])
