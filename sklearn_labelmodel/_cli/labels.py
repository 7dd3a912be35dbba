"""From rows of votes to labels: the model, trained or loaded, and what it says of each row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from .._votes.containers import as_objects
from .cells import CellReader, number_of, read_balance, read_classes, split_words
from .columns import LABEL, PROBABILITY
from .content import package
from .rows import Rows
from .words import BadInputError, bad_input

if TYPE_CHECKING:
    import pandas as pd

    from .._models.base import BaseLabelModel
    from .._utils.types import VoteMatrix
    from .._votes.statistics import VoteStatistics
    from .options import Options

NO_VOTE = "-1"
# NumPy's kinds, and what holds them in a table beside rows without a label.
NULLABLE: dict[str, Any] = {"i": "Int64", "u": "UInt64", "f": "Float64", "b": "boolean"}


# The model ----------------------------------------------------------------------------------------


def load_model(path: str) -> BaseLabelModel:
    """The label model that a file holds.

    Raises
    ------
    BadInputError
        The file is not there, holds none, or cannot be trusted.
    """
    from .._models.base import BaseLabelModel

    try:
        model = package().load(path)
    except OSError as error:
        raise BadInputError(f"--model {path}: {error.strerror}.") from None
    except ValueError as error:
        raise BadInputError(f"--model: {error}") from None
    if not isinstance(model, BaseLabelModel):
        raise BadInputError(
            f"--model {path}: it holds a {type(model).__name__}, which labels no votes."
        )
    return model


def reader_of(options: Options, model: BaseLabelModel | None) -> CellReader:
    """How cells are read: as the model has learned, if there is one, else as options say."""
    if model is not None:
        known = model.symbols_["vote"]
        marks = model.abstain if isinstance(model.abstain, list) else [model.abstain]
        kept = tuple(str(mark) for mark in marks if mark is not None)
        abstain = tuple(split_words(options.abstain)) if options.abstain else kept
        return CellReader(abstain, options.normalize, as_text=known.dtype.kind in "OU")
    if options.abstain:
        return CellReader(tuple(split_words(options.abstain)), options.normalize)
    named = [*split_words(options.classes), *_named_by_balance(options)]
    return CellReader(() if NO_VOTE in named else (NO_VOTE,), options.normalize)


def _named_by_balance(options: Options) -> list[str]:
    return [pair.rpartition("=")[0].strip() for pair in split_words(options.class_balance)]


def parameters(options: Options, scores: Sequence[str], reader: CellReader) -> dict[str, Any]:
    """What options say to a label model."""
    return {
        "scores": list(scores) or None,
        "class_balance": read_balance(options.class_balance, reader) or None,
        "classes": read_classes(split_words(options.classes), reader) or None,
        "abstain": [_plain(mark) for mark in reader.abstain] or None,
    }


def train(
    options: Options,
    known: dict[str, Any],
    votes: VoteMatrix | VoteStatistics,
    gold: pd.Series | None,
    voters: Sequence[Hashable],
    name: str,
) -> BaseLabelModel:
    """A label model, fitted.

    Parameters
    ----------
    options : Options
    known : dict
        The parameters of the model.
    votes : DataFrame, CSR array or VoteStatistics
    gold : Series or None
    voters : sequence
        Names of the columns of votes.
    name : str
        Of the file.

    Raises
    ------
    BadInputError
        Votes, labels or options that cannot be what was meant.
    """
    only_scores = known["scores"] and len(known["scores"]) == len(voters)
    if only_scores and not (known["class_balance"] or known["classes"] or gold is not None):
        raise BadInputError(
            f"{name}: scores name no classes. Say which by --classes or --class-balance (scores speak for the "
            "second), by --gold, or by a column of votes."
        )
    model = _kind_of(options)(**known)
    with bad_input(name):
        model.fit(votes, gold)
    if not hasattr(model, "feature_names_in_"):
        # Sparse votes have no names, and what is told and saved is to have them.
        model.feature_names_in_ = as_objects(voters)
    return model


def _kind_of(options: Options) -> type[BaseLabelModel]:
    if options.majority:
        from .._models.majority_vote import MajorityVoteClassifier

        return MajorityVoteClassifier
    if options.dawid_skene:
        from .._models.dawid_skene import DawidSkeneClassifier

        return DawidSkeneClassifier
    from .._models.label_model import LabelModelClassifier

    return LabelModelClassifier


def _plain(mark: str) -> str | float:
    number = number_of(mark)
    return mark if number is None else number


# Labels -------------------------------------------------------------------------------------------


def labels_of(model: BaseLabelModel, rows: Rows, name: str) -> pd.DataFrame:
    """The table of labels of some rows.

    Returns
    -------
    labels : DataFrame
        The columns that are copied, the label (missing where no one votes or where classes are tied), and a
        probability for each class.
    """
    with bad_input(name):
        labels = _labels(model, rows.votes)
    return rows.ids.reset_index(drop=True).join(labels)


def _labels(model: BaseLabelModel, votes: VoteMatrix) -> pd.DataFrame:
    import pandas as pd

    from .._votes.per_lf import rows_with_vote
    from ..inspection._decisions import probs_to_preds

    proba = model.predict_proba(votes)
    voted = rows_with_vote(model._read_votes(votes))
    classes = model.classes_
    label = pd.Series(probs_to_preds(proba, classes, abstain=None), dtype=object)
    label[~voted] = None
    table = pd.DataFrame(proba, columns=[f"{PROBABILITY}{each}" for each in classes])
    table.insert(0, LABEL, label.astype(NULLABLE.get(classes.dtype.kind, object)))
    return table
