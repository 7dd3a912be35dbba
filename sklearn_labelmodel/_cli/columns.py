"""What each column of the table is: named by an option, or a voter, which may look like something else."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import get_close_matches
from itertools import combinations
from shlex import quote

import pandas as pd

from .._models.base import BaseLabelModel
from .._utils import listed, quoted
from ..inspection._check_votes import check_votes
from .cells import CellReader, split_words
from .messages import BadInputError, note
from .options import LABEL, PROBABILITY, Options
from .rows import Rows, Table, kind_of_votes
from .source import Source

MOST_NAMES = 20
# Fewer rows show nothing, few rows little, more nothing new.
LEAST_ROWS, FEW_ROWS, ENOUGH_ROWS = 3, 10, 10_000
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


def table_of(
    source: Source, options: Options, reader: CellReader, model: BaseLabelModel | None
) -> Table:
    """The table, each column with its role.

    Parameters
    ----------
    source : Source
    options : Options
    reader : CellReader
    model : fitted label model or None
        One that is to label; None where one is to be trained.

    Raises
    ------
    BadInputError
        A name that is not there, or that two options give; no column left for votes.
    """
    ids = _names("--id", options.id, source)
    golds = _names("--gold", [options.gold] if options.gold is not None else [], source)
    voters = _names("--voters", options.voters, source)
    taken = {*ids, *golds, *source.index}
    left = [name for name in source.columns if name not in taken]
    everything = options.scores == ["all"] and "all" not in source.columns
    scores = (voters or left) if everything else _names("--scores", options.scores, source)
    _check_one_use({"--gold": golds, "--id": ids, "--scores": scores})
    _check_one_use({"--gold": golds, "--id": ids, "--voters": voters})
    kept = [name for name in left if not voters or name in voters or name in scores]
    if model is not None:
        kept = _known_voters(kept, [*map(str, model.feature_names_in_)], source.name)
        scores = [str(name) for name in model.score_bins_]
    if not kept:
        raise BadInputError(f"{source.name}: no column is left for the votes.")
    _check_results(ids, source.name)
    return Table(source, reader, ids, golds[0] if golds else None, kept, scores)


def _names(option: str, typed: Sequence[str], source: Source) -> list[str]:
    """The columns that an option names, separated by commas or not."""
    there = set(source.columns)
    names: list[str] = []
    for word in typed:
        parts = [word] if word in there else split_words([word])
        names.extend(part for part in parts if part not in names)
    for name in names:
        if name not in there:
            raise _unknown(option, name, source)
    return names


def _unknown(option: str, name: str, source: Source) -> BadInputError:
    columns = listed([column or "''" for column in source.columns], MOST_NAMES)
    by_small = {column.casefold(): column for column in source.columns}
    close = get_close_matches(name.casefold(), by_small, n=1)
    meant = f" Did you mean {quoted(by_small[close[0]])}?" if close else ""
    if len(source.columns) == 1 and not source.columns[0].isidentifier():
        meant = " As all is one column, it may be cells are separated otherwise: see --sep."
    return BadInputError(
        f"{source.name}: {option} names {quoted(name)}; the columns are {columns}.{meant}"
    )


def columns_of_long(source: Source, options: Options) -> list[str]:
    """The columns of task, worker and label, and that of gold labels where there is one."""
    named = [("--long", name) for name in options.long]
    named += [("--gold", options.gold)] if options.gold is not None else []
    for option, name in named:
        if name not in source.columns:
            raise _unknown(option, name, source)
    names = [name for _, name in named]
    for name in names:
        if names.count(name) > 1:
            raise BadInputError(
                f"{quoted(name)} is given twice; task, worker and label are three columns."
            )
    _check_results(names[:1], source.name, "--long")
    return names


def _check_one_use(uses: dict[str, list[str]]) -> None:
    """Raise a BadInputError where one column is given by two options."""
    for one, other in combinations(uses, 2):
        twice = [name for name in uses[one] if name in uses[other]]
        if twice:
            raise BadInputError(
                f"{quoted(twice[0])} is given both as {one} and as {other}; it can be one of them."
            )


def _check_results(ids: Sequence[str], name: str, option: str = "--id") -> None:
    for column in ids:
        if column == LABEL or column.startswith(PROBABILITY):
            raise BadInputError(
                f"{option} {quoted(column)} is also the name of a column of results; rename it in {name}."
            )


def _known_voters(columns: Sequence[str], trained_on: Sequence[str], name: str) -> list[str]:
    missing = [voter for voter in trained_on if voter not in columns]
    if missing:
        raise BadInputError(
            f"{name}: the model was trained on the voter {quoted(missing[0])}, and there is no such column (missing: "
            f"{len(missing)} of {len(trained_on)}). Add it, with empty cells where there is no vote."
        )
    more = [column for column in columns if column not in trained_on]
    if more:
        note(f"{name}: the model does not know {listed(more, MOST_NAMES)}, which are left out")
    return list(trained_on)


# Doubts -------------------------------------------------------------------------------------------


def check_voters(table: Table, options: Options) -> None:
    """Name the columns that look, in the first rows, like anything but votes.

    Parameters
    ----------
    table : Table
    options : Options
        Columns that one of them names are what it says.

    Raises
    ------
    BadInputError
        Identifiers, texts, dates, scores and booleans beside words, with the option for each; a table with a row for
        each vote.
    """
    first = next(table.source.blocks())
    if options.voters or len(first) < LEAST_ROWS:
        return
    name = table.source.name
    votes = first.apply(table.reader.votes)
    found = check_votes(votes.head(ENOUGH_ROWS).astype(object))
    _check_no_long_table(found, name)
    found = found.loc[[voter for voter in table.voters if voter not in table.scores]]
    many = found["why"].str.contains("distinct whole numbers") & (found["taken_for"] == "score")
    classes_themselves = (found["taken_for"] == "boolean") & ~found["why"].str.contains("beside")
    unfit = found["taken_for"].isin(list(OPTIONS)) & ~many & ~classes_themselves
    few = (len(first) < FEW_ROWS) & ~found["taken_for"].isin(["score", "boolean"])
    unlike = _are_unlike(votes[found.index], unfit | many)
    _refuse(found[(unfit & ~few) | ((unfit | many) & unlike)], name)
    for column in found.index[unfit & few]:
        _doubt(column, name, "an identifier or a text", "--id")
    # Where the classes are named, many whole numbers are classes.
    if not (options.classes or options.gold):
        for column in found.index[many]:
            _doubt(column, name, "scores by its many numbers", "--scores")
    for column in found.index[found["taken_for"] == "gold?"]:
        _doubt(column, name, "gold labels by its name", "--gold")


def _are_unlike(votes: pd.DataFrame, doubted: pd.Series) -> pd.Series:
    """Which columns hold numbers where those that nobody doubts hold texts, or the other way round: no votes."""
    kinds = pd.Series([kind_of_votes(votes[name]) for name in votes], votes.columns, dtype=object)
    meant = set(kinds[~doubted].dropna())
    return kinds.notna() & ~kinds.isin(meant) & bool(meant)


def _refuse(found: pd.DataFrame, name: str) -> None:
    if not len(found):
        return
    told = []
    for column, row in found.iterrows():
        remedy = OPTIONS[row.taken_for].replace("{}", quote(str(column)))
        told.append(f"{quoted(column)} ({row.taken_for}: {row.why}; {remedy})")
    raise BadInputError(
        f"{name}: these columns look like no votes: {listed(told, MOST_NAMES)}. {ALL_THE_SAME}"
    )


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


def check_no_repeats(rows: Rows, name: str) -> None:
    """A row for each vote, with its item and its voter, is no table of a row for each item.

    Raises
    ------
    BadInputError
        Identifiers that are there more than once, or several of them, beside so few columns that these are no voters.
    """
    ids, voters = rows.ids, rows.voters
    repeated = [column for column in ids.columns if ids[column].duplicated().any()]
    if len(voters) > FEW_COLUMNS or not (repeated or (len(voters) == 1 and ids.shape[1] > 1)):
        return
    fault = f"--id {repeated[0]} names rows more than once" if repeated else "there is one voter"
    raise BadInputError(
        f"{name}: {fault}, and the columns of votes are {', '.join(voters)}. If a row holds one vote with its item "
        f"and its voter, pass --long TASK WORKER LABEL with the names of these columns. {ALL_THE_SAME}"
    )
