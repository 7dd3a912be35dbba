"""What each column of the table is: named by an option, or a voter."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from .._utils import listed, quoted
from .cells import split_words
from .source import Source
from .terminal import note
from .words import BadInputError

if TYPE_CHECKING:
    from .options import Options

LABEL, PROBABILITY = "label", "probability_"
MOST_NAMES = 20


class Roles(NamedTuple):
    """Columns by what they are for.

    Attributes
    ----------
    ids, scores, voters : list of str
        `voters` are all columns that the model sees, scores included, in the order of the table.
    gold : str or None
    """

    ids: list[str]
    gold: str | None
    scores: list[str]
    voters: list[str]


def roles_of(source: Source, options: Options, trained_on: Sequence[str] | None) -> Roles:
    """Give each column its role.

    Parameters
    ----------
    source : Source
    options : Options
    trained_on : sequence of str or None
        The voters of a model that is to label; None where one is to be trained.

    Raises
    ------
    BadInputError
        A name that is not there, or that two options give; no column left for votes.
    """
    _check_header(source)
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
    if trained_on is not None:
        kept = _known_voters(kept, trained_on, source.name)
    if not kept:
        raise BadInputError(f"{source.name}: no column is left for the votes.")
    _check_results(ids, source.name)
    return Roles(ids, golds[0] if golds else None, scores, kept)


def _check_header(source: Source) -> None:
    names = source.columns
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        places = [str(place) for place, name in enumerate(names, start=1) if name == repeated]
        raise BadInputError(
            f"{source.name}: two columns are called {quoted(repeated)} (columns {listed(places, 4)}); every voter "
            "needs a name of its own."
        )


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
    return BadInputError(
        f"{source.name}: {option} names {quoted(name)}; the columns are {columns}.{meant}"
    )


def columns_of_long(source: Source, options: Options) -> list[str]:
    """The columns of task, worker and label, and that of gold labels where there is one."""
    _check_header(source)
    named = [("--long", name) for name in options.long or ()]
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
