"""Columns that would become voters, and look like something else."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from .._utils import listed, quoted
from .terminal import note
from .words import BadInputError

if TYPE_CHECKING:
    import pandas as pd

# Fewer rows show nothing, few rows little, more nothing new.
LEAST_ROWS, FEW_ROWS, ENOUGH_ROWS = 3, 10, 10_000
MOST_NAMES = 20
# A table with a row for each vote has, besides the item, a voter and a vote.
FEW_COLUMNS = 2
OPTIONS = {
    "identifier": "pass --id {}",
    "text": "pass --id {}",
    "date": "pass --id {}",
    "other": "pass --id {}",
    "score": "pass --scores {}, or --id {}",
    "boolean": "write its votes as the others write theirs, or pass --id {}",
}
ALL_THE_SAME = "Columns that are votes all the same are named by --voters."


def check_voters(table: pd.DataFrame, voters: Sequence[str], name: str, *, classes: bool) -> None:
    """Name the columns that look like anything but votes.

    Parameters
    ----------
    table : DataFrame
        The first rows, all columns read as votes.
    voters : sequence of str
        Columns that no option names.
    name : str
        Of the file.
    classes : bool
        Whether the classes are given, so that many whole numbers are classes.

    Raises
    ------
    BadInputError
        Identifiers, texts, dates, scores and booleans beside words, with the option for each; a table with a row for
        each vote.
    """
    from ..inspection._check_votes import check_votes

    if len(table) < LEAST_ROWS:
        return
    found = check_votes(table.head(ENOUGH_ROWS).astype(object))
    _check_no_long_table(found, name)
    found = found.loc[list(voters)]
    many = found["why"].str.contains("distinct whole numbers") & (found["taken_for"] == "score")
    classes_themselves = (found["taken_for"] == "boolean") & ~found["why"].str.contains("beside")
    unfit = found["taken_for"].isin(list(OPTIONS)) & ~many & ~classes_themselves
    few = (len(table) < FEW_ROWS) & ~found["taken_for"].isin(["score", "boolean"])
    _refuse(found[unfit & ~few], name)
    for column in found.index[unfit & few]:
        _doubt(column, name, "an identifier or a text", "--id")
    if not classes:
        for column in found.index[many]:
            _doubt(column, name, "scores by its many numbers", "--scores")
    for column in found.index[found["taken_for"] == "gold?"]:
        _doubt(column, name, "gold labels by its name", "--gold")


def _refuse(found: pd.DataFrame, name: str) -> None:
    if not len(found):
        return
    told = listed([_told(column, row) for column, row in found.iterrows()], MOST_NAMES)
    raise BadInputError(f"{name}: these columns look like no votes: {told}. {ALL_THE_SAME}")


def _told(column: Hashable, row: pd.Series) -> str:
    remedy = OPTIONS[row.taken_for].replace("{}", quote(str(column)))
    return f"{quoted(column)} ({row.taken_for}: {row.why}; {remedy})"


def _doubt(column: Hashable, name: str, what: str, option: str) -> None:
    word = quote(str(column))
    neither = "" if option == "--id" else f"; if it is neither, --id {word}"
    note(
        f"warning: {name}: column {quoted(column)} counts as a voter, and looks like {what}. If it is that, pass "
        f"{option} {word}{neither}. {ALL_THE_SAME}"
    )


def _check_no_long_table(found: pd.DataFrame, name: str) -> None:
    parts = [
        found.index[found["why"].str.startswith(sign)].tolist()
        for sign in ("what is voted on", "who votes", "the votes of a table")
    ]
    if all(parts):
        words = " ".join(quote(str(part[0])) for part in parts)
        raise BadInputError(
            f"{name}: this looks like a table with a row for each vote. Pass --long {words}, the columns of what is "
            f"voted on, of who votes, and of the votes. {ALL_THE_SAME}"
        )


def check_no_repeats(ids: pd.DataFrame, voters: Sequence[str], name: str) -> None:
    """A row for each vote, with its item and its voter, is no table of a row for each item.

    Raises
    ------
    BadInputError
        Identifiers that are there more than once, or several of them, beside so few columns that these are no voters.
    """
    repeated = [column for column in ids.columns if ids[column].duplicated().any()]
    if len(voters) > FEW_COLUMNS or not (repeated or (len(voters) == 1 and ids.shape[1] > 1)):
        return
    fault = f"--id {repeated[0]} names rows more than once" if repeated else "there is one voter"
    raise BadInputError(
        f"{name}: {fault}, and the columns of votes are {', '.join(voters)}. If a row holds one vote with its item "
        f"and its voter, pass --long TASK WORKER LABEL with the names of these columns. {ALL_THE_SAME}"
    )
