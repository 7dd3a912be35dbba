"""What single rows show of a fit: all that a report says beyond sums over rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._evidence.lookup import find_symbols
from ..._votes.codes import GoldLabels, Votes
from ..._votes.containers import as_objects
from ..._votes.patterns import Patterns
from .._alpha import Scale, alpha_of_rows, resampler
from .._scores import classes_meant
from .cells import Cells
from .checks import all_findings
from .facts import Facts, Looks
from .gold import gold_check, labelled, votes_right
from .pairs import pairs_of
from .parts import Alpha
from .rows import (
    contested_rows,
    labels_without,
    outvoted_rows,
    rows_against_label,
    rows_that_differ,
    silent_rows,
)

N_BOOTSTRAP = 200
# Cells that are looked at one by one.
SHOWN_CELLS = 2_000_000
# Votes of one LF that are counted by value, and labelled rows times LFs that are looked at.
MOST_VALUES, GOLD_CELLS = 50, 10_000_000


def look_at_rows(
    model: Any,
    facts: Facts,
    votes: Votes,
    row: NDArray[np.object_],
    gold: GoldLabels,
    counted: tuple[tuple[int, Any, float], ...],
    n_rows: int,
) -> Looks:
    """Look at some of the rows.

    Parameters
    ----------
    model : fitted label model
    facts : Facts
        All that sums over rows tell.
    votes : Votes
    row : ndarray of shape (n_samples,)
        What users call each row.
    gold : GoldLabels
        Of all `n_rows` rows.
    counted : tuple of (lf, vote, rows)
    n_rows : int
        Rows there are, of which these may be a part.
    """
    _, cells = cells_of(model, votes, row)
    looks = Looks(
        n_rows=n_rows,
        alpha=alpha_of(cells),
        votes=counted,
        pairs=pairs_of(cells, facts.name.tolist(), facts.kinds),
        contested=contested_rows(model, cells),
        rows_of_lf=rows_against_label(cells),
        rows_of_copy={
            (copy.first, copy.second): rows_that_differ(cells, copy.first, copy.second)
            for copy in facts.copies
        },
        outvoted_rows=outvoted_rows(cells),
        silent_rows=silent_rows(cells),
        without=labels_without(model, cells, _worth_asking(facts)),
    )
    if not gold.n_labelled:
        return looks
    places = np.linspace(0, n_rows - 1, votes.n_samples).astype(np.intp)
    return with_gold(looks, model, votes, row, replace(gold, codes=gold.codes[places]))


def with_gold(
    looks: Looks, model: Any, votes: Votes, row: NDArray[np.object_], gold: GoldLabels
) -> Looks:
    """With labels and votes held against the gold labels of these rows."""
    rows, truth = labelled(gold, model.classes_)
    if not len(rows):
        return looks
    places, cells = cells_of(model, votes.take(rows), row[rows], GOLD_CELLS)
    right, wrong = votes_right(cells, truth[places])
    return replace(looks, gold=gold_check(cells, truth[places]), right=right, wrong=wrong)


def cells_of(
    model: Any, votes: Votes, row: NDArray[np.object_], most: int = SHOWN_CELLS
) -> tuple[NDArray[np.intp], Cells]:
    """Evenly spaced rows with at most so many cells: their places, and what they hold.

    Parameters
    ----------
    model : fitted label model
    votes : Votes
    row : ndarray of shape (n_samples,)
        What users call each row.
    most : int
    """
    learned, table = model.vote_model_, model.vote_model_.table
    most_rows = max(1, most // max(votes.n_lfs, len(learned.classes)))
    at = np.arange(votes.n_samples)
    if votes.n_samples > most_rows:
        at = np.linspace(0, votes.n_samples - 1, most_rows).astype(np.intp)
        votes = votes.take(at)
    symbol = find_symbols(votes, table.lf, table.vote)
    held = symbol[np.arange(votes.n_lfs)[:, None], votes.block(0, votes.n_samples)].T
    rows, lfs = np.nonzero(held < len(table.lf))
    shape = (votes.n_samples, len(table.lf))
    holds = sp.csr_array((np.ones(len(rows)), (rows, held[rows, lfs])), shape=shape)
    meant = classes_meant(model, table.lf, table.vote)
    return at, Cells(votes, row[at], model._posterior(learned, votes), table.lf, meant, holds)


def _worth_asking(facts: Facts) -> list[int]:
    """The LFs of which it is worth asking what would be without them: first those with findings."""
    column = {name: j for j, name in enumerate(facts.name.tolist())}
    named = [column[found.lf] for found in all_findings(facts) if found.lf is not None]
    voting = np.flatnonzero(facts.coverage > 0).tolist()
    return list(dict.fromkeys([*named, *voting]))


def alpha_of(cells: Cells) -> Alpha:
    """Krippendorff's alpha of the votes that speak for a single class."""
    names_one = cells.meant.sum(axis=1) == 1
    counts = sp.csr_array(cells.holds @ sp.csr_array(cells.meant * names_one[:, None] * 1.0))
    if not (np.asarray(counts.sum(axis=1)) > 1).any():
        return Alpha(np.nan, np.nan, np.nan)
    weight = np.ones(counts.shape[0])
    resampled = resampler(weight, N_BOOTSTRAP, np.random.RandomState(0))
    scale = Scale("nominal", np.zeros(counts.shape[1]))
    return Alpha(*alpha_of_rows(counts, weight, scale, resampled))


def counted_votes(model: Any, patterns: Patterns) -> tuple[tuple[int, Any, float], ...]:
    """Column, vote as users are shown it, and rows, of the most frequent votes of each LF."""
    counts, scored = patterns.counts(), model._scores
    order = np.lexsort((-counts, patterns.lf))
    place = np.arange(len(order)) - np.searchsorted(patterns.lf, patterns.lf[order])
    votes = patterns.vote.tolist()
    kept = np.sort(order[place < MOST_VALUES]).tolist()
    return tuple(
        (
            int(patterns.lf[u]),
            votes[u] if scored is None else scored.words(int(patterns.lf[u]), votes[u]),
            float(counts[u]),
        )
        for u in kept
    )


def row_names(L: Any, places: NDArray[np.intp]) -> NDArray[np.object_]:
    """What users call some rows: labels of the index of a pandas object, else their numbers."""
    index: Any = getattr(L, "index", None)
    return as_objects(index[places] if hasattr(index, "get_indexer") else places.tolist())
