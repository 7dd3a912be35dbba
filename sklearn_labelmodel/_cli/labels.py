"""From votes to labels: the model, trained or loaded, what it says of each row, and what is found out about voters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from .._models.base import BaseLabelModel
from .._utils import as_objects, listed, quoted
from .._votes.per_lf import rows_with_vote
from ..inspection._agreement import agreement
from ..inspection._decisions import probs_to_preds
from ..inspection._report.report import FitReport
from ..inspection._summary import lf_summary, score_summary
from .cells import NULLABLE, CellReader, read_balance, read_classes, split_words
from .content import package
from .messages import BadInputError, bad_input, in_options
from .options import LABEL, PROBABILITY, Options
from .rows import Rows, Table

NO_VOTE = "-1"
# Of more voters those trusted least are shown, of more classes the first.
MOST_VOTERS, MOST_CLASSES = 40, 6


# The model ----------------------------------------------------------------------------------------


def load_model(path: str) -> BaseLabelModel:
    """The label model that a file holds.

    Raises
    ------
    BadInputError
        The file is not there, holds none, or cannot be trusted; the model does not know its voters by name.
    """
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
    if not hasattr(model, "feature_names_in_"):
        raise BadInputError(
            f"--model {path}: it was trained on votes without names, so that columns cannot be told apart. "
            "Train it on a table with names of columns."
        )
    return model


def reader_of(options: Options, model: BaseLabelModel | None) -> CellReader:
    """How cells are read: as the model has learned, if there is one, else as options say."""
    typed = tuple(split_words(options.abstain))
    if model is not None:
        marks = model.abstain if isinstance(model.abstain, list) else [model.abstain]
        kept = tuple(str(mark) for mark in marks if mark is not None)
        as_text = model.classes_.dtype.kind in "OU"
        return CellReader(typed or kept, options.normalize, as_text)
    balanced = [pair.rpartition("=")[0].strip() for pair in split_words(options.class_balance)]
    is_class = NO_VOTE in [*split_words(options.classes), *balanced]
    return CellReader(typed or (() if is_class else (NO_VOTE,)), options.normalize)


def train(options: Options, table: Rows | Table, reader: CellReader, name: str) -> BaseLabelModel:
    """A label model, fitted to a table that is called `name`.

    Raises
    ------
    BadInputError
        Votes, labels or options that cannot be what was meant.
    """
    known: dict[str, Any] = {
        "scores": list(table.scores) or None,
        "class_balance": read_balance(options.class_balance, reader) or None,
        "classes": read_classes(split_words(options.classes), reader) or None,
        "abstain": reader.marks or None,
    }
    votes, gold = table.training(known["abstain"])
    named = known["class_balance"] or known["classes"] or gold is not None
    if table.scores and len(table.scores) == len(table.voters) and not named:
        raise BadInputError(
            f"{name}: scores name no classes. Say which by --classes or --class-balance (scores speak for the "
            "second), by --gold, or by a column of votes."
        )
    if options.majority:
        kind = package().MajorityVoteClassifier
    elif options.dawid_skene:
        kind = package().DawidSkeneClassifier
    else:
        kind = package().LabelModelClassifier
    model: BaseLabelModel = kind(**known)
    with bad_input(name):
        try:
            model.fit(votes, gold)
        except ValueError:
            if isinstance(table, Table):
                table.look_for_fault(model)
            raise
    if not hasattr(model, "feature_names_in_"):
        # Sparse votes have no names, and what is told and saved is to have them.
        model.feature_names_in_ = as_objects(table.voters)
    return model


# Labels -------------------------------------------------------------------------------------------


def labels_of(model: BaseLabelModel, rows: Rows, name: str) -> pd.DataFrame:
    """The table of labels of some rows.

    Returns
    -------
    labels : DataFrame
        The columns that are copied, the label (missing where no one votes or where classes are tied), and a
        probability for each class.
    """
    with bad_input(name), rows.counted():
        proba = model.predict_proba(rows.votes)
        voted = rows_with_vote(model._read_votes(rows.votes))
    classes = model.classes_
    label = pd.Series(probs_to_preds(proba, classes, abstain=None), dtype=object)
    label[~voted] = None
    table = pd.DataFrame(proba, columns=[f"{PROBABILITY}{each}" for each in classes])
    table.insert(0, LABEL, label.astype(NULLABLE.get(classes.dtype.kind, object)))
    return rows.ids.reset_index(drop=True).join(table)


# Findings -----------------------------------------------------------------------------------------


def findings(model: BaseLabelModel, rows: Rows, report: FitReport, level: str) -> Iterator[str]:
    """Paragraphs on a fit.

    Parameters
    ----------
    model : fitted label model
    rows : Rows
        What it labelled.
    report : FitReport
    level : {"nominal", "ordinal", "interval"}
        Of agreement.
    """
    summary = lf_summary(rows.votes, rows.gold, model).drop(columns="j").rename_axis("voter")
    yield _voters(summary)
    yield from _strange(model, summary["polarity"].drop([*rows.scores]))
    if model.score_bins_ and hasattr(model, "conditional_probs_"):
        yield _table(score_summary(model))
    yield from _agreement(rows, level)
    yield in_options(str(report))


def _voters(summary: pd.DataFrame) -> str:
    said = [listed([str(vote) for vote in votes], MOST_CLASSES) for votes in summary["polarity"]]
    summary = summary.assign(polarity=said)
    if len(summary) <= MOST_VOTERS:
        return _table(summary)
    least = summary.sort_values("learned_accuracy").head(MOST_VOTERS)
    return f"{_table(least)}\n({MOST_VOTERS} of {len(summary):,} voters, those trusted least)"


def _strange(model: BaseLabelModel, polarity: pd.Series) -> Iterator[str]:
    """Votes that a model which was trained on other rows does not know."""
    known = {*model.classes_.tolist(), *model.symbols_["vote"].tolist()}
    cast = {vote: voter for voter, votes in polarity.items() for vote in votes}
    named = [
        f"{quoted(vote)} (of {quoted(voter)})" for vote, voter in cast.items() if vote not in known
    ]
    if named:
        noun = "vote" if len(named) == 1 else "votes"
        yield (
            f"The model has not met the {noun} {listed(named, MOST_CLASSES)}, so that "
            "nothing follows from them. Correct them, empty the cells, or train a model on these rows too."
        )


def _table(frame: pd.DataFrame) -> str:
    text: str = frame.to_string(float_format="{:.3f}".format)
    return text


def _agreement(rows: Rows, level: str) -> Iterator[str]:
    """Krippendorff's alpha of the votes, or of scores where there are no votes; nothing of a single voter."""
    votes = rows.votes
    if rows.scores:
        names = [name for name in rows.voters if name not in rows.scores]
        votes = votes[names or rows.voters]
        level = level if names or level != "nominal" else "ordinal"
    if votes.shape[1] < 2:
        return
    try:
        yield str(agreement(votes, level, abstain=None, random_state=0))
    except ValueError as error:
        yield f"Agreement is unknown. {in_options(str(error))}"
