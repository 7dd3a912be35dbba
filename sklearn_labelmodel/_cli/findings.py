"""What is printed when labels are written: the voters, how far they agree, what is to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .._utils import listed, quoted
from .rows import Rows
from .words import in_options

if TYPE_CHECKING:
    import pandas as pd

    from .._models.base import BaseLabelModel
    from ..inspection._report.report import FitReport

# Of more voters those trusted least are shown, of more classes the first.
MOST_VOTERS, MOST_CLASSES = 40, 6


def findings(
    model: BaseLabelModel, rows: Rows, report: FitReport, scores: Sequence[str], level: str
) -> Iterator[str]:
    """Paragraphs on a fit.

    Parameters
    ----------
    model : fitted label model
    rows : Rows
        What it labelled.
    report : FitReport
    scores : sequence of str
        Columns of scores.
    level : {"nominal", "ordinal", "interval"}
        Of agreement.
    """
    from ..inspection._summary import lf_summary

    summary = lf_summary(rows.votes, rows.gold, model).drop(columns="j").rename_axis("voter")
    yield _voters(summary)
    yield from _strange(model, summary["polarity"].drop([*scores]))
    if model.score_bins_ and hasattr(model, "conditional_probs_"):
        yield _scores(model)
    yield from _agreement(rows, scores, level)
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


def _scores(model: BaseLabelModel) -> str:
    from ..inspection._summary import score_summary

    return _table(score_summary(model))


def _table(frame: pd.DataFrame) -> str:
    text: str = frame.to_string(float_format="{:.3f}".format)
    return text


def _agreement(rows: Rows, scores: Sequence[str], level: str) -> Iterator[str]:
    """Krippendorff's alpha of the votes, or of scores where there are no votes; nothing of a single voter."""
    from ..inspection._agreement import agreement

    votes = rows.votes
    if len(scores):
        names = [name for name in rows.voters if name not in scores]
        votes = votes[names or rows.voters]
        level = level if names or level != "nominal" else "ordinal"
    if votes.shape[1] < 2:
        return
    try:
        yield str(agreement(votes, level, abstain=None, random_state=0))
    except ValueError as error:
        yield f"Agreement is unknown. {in_options(str(error))}"
