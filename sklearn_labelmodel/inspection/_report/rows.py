"""Rows worth looking at: contested ones, and those that show what a finding means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._votes.codes import ColumnVotes, Votes
from .cells import Cells
from .parts import ContestedRow, Evidence

MOST_CONTESTED, CANDIDATES, MOST_EXAMPLES = 5, 400, 3
# Votes that a search for changed labels may look at, for each LF and in all.
WITHOUT_CELLS, WITHOUT_ROWS, MOST_WITHOUT = 200_000, 2_000, 40


def contested_rows(model: Any, cells: Cells) -> tuple[ContestedRow, ...]:
    """Rows whose votes speak for different classes, those first whose two most probable classes are closest."""
    if cells.proba.shape[1] < 2:
        return ()
    top = np.sort(np.partition(cells.proba, -2, axis=1)[:, -2:], axis=1)
    gap = top[:, 1] - top[:, 0]
    disagree = np.flatnonzero(cells.counts.max(axis=1) < cells.n_speaking)
    order = np.lexsort((-cells.n_speaking[disagree], gap[disagree].round(9)))
    closest = disagree[order[:CANDIDATES]]
    codes = np.ascontiguousarray(cells.votes.block(0, cells.votes.n_samples).T)
    _, first = np.unique(codes[closest], axis=0, return_index=True)
    chosen = closest[np.sort(first)[:MOST_CONTESTED]]
    alike = [int((codes == codes[row]).all(axis=1).sum()) for row in chosen]
    terms = model._terms(model.vote_model_, cells.votes.take(chosen))
    return tuple(
        _contested(model, cells, int(row), number, added)
        for row, number, added in zip(chosen, alike, terms, strict=True)
    )


def _contested(
    model: Any, cells: Cells, row: int, alike: int, terms: NDArray[np.float64]
) -> ContestedRow:
    rival, label = np.argsort(cells.proba[row], kind="stable")[-2:]
    if cells.proba[row, label] == cells.proba[row, rival]:
        label, rival = min(label, rival), max(label, rival)
    weight, classes = terms[:, label] - terms[:, rival], model.classes_.tolist()
    said = vote_words(model, cells.votes, row)
    names = lf_names_of(model)
    voters = sorted(said, key=lambda j: -abs(weight[j]))
    evidence = [Evidence(None, None, float(weight[-1]))]
    evidence += [Evidence(names[j], said[j], float(weight[j])) for j in voters]
    p_label, p_rival = (float(cells.proba[row, y]) for y in (label, rival))
    called = cells.row[row]
    return ContestedRow(
        called, alike, classes[label], classes[rival], p_label, p_rival, tuple(evidence)
    )


def vote_words(model: Any, votes: Votes, row: int) -> dict[int, Any]:
    """The votes of a row, as users are shown them, by column."""
    codes = votes.block(row, row + 1)[:, 0]
    voters = np.flatnonzero(codes != votes.abstain_code).tolist()
    values, scored = votes.values.tolist(), model._scores
    said = {j: values[codes[j]] for j in voters}
    return said if scored is None else {j: scored.words(j, vote) for j, vote in said.items()}


def lf_names_of(model: Any) -> list[Any]:
    """Names of the LFs, or their column numbers."""
    names = getattr(model, "feature_names_in_", None)
    return list(range(model.n_features_in_)) if names is None else names.tolist()


# Examples -----------------------------------------------------------------------------------------


def rows_against_label(cells: Cells) -> dict[int, tuple[Any, ...]]:
    """Rows in which each LF votes against the label, those first in which the label is surest."""
    against = cells.by_lf(cells.against(cells.label)).tocsc()
    sure = cells.proba.max(axis=1)
    found = {}
    for j in range(cells.votes.n_lfs):
        rows = against.indices[against.indptr[j] : against.indptr[j + 1]]
        if len(rows):
            found[j] = some(cells, rows[np.argsort(-sure[rows], kind="stable")])
    return found


def rows_that_differ(cells: Cells, first: int, second: int) -> tuple[Any, ...]:
    """Rows in which two LFs vote differently, or only one of them votes."""
    codes = cells.votes.block(0, cells.votes.n_samples)
    return some(cells, np.flatnonzero(codes[first] != codes[second]))


def outvoted_rows(cells: Cells) -> tuple[Any, ...]:
    """Rows whose label has fewer votes than another class, those first in which it lacks most."""
    counts = cells.counts
    lacking = counts.max(axis=1) - counts[np.arange(len(counts)), cells.label]
    order = np.argsort(-lacking, kind="stable")
    return some(cells, order[lacking[order] > 0])


def silent_rows(cells: Cells) -> tuple[Any, ...]:
    """Rows without votes."""
    return some(cells, np.flatnonzero(np.diff(cells.holds.indptr) == 0))


def some(cells: Cells, places: NDArray[np.intp]) -> tuple[Any, ...]:
    """What the first of some rows are called."""
    return tuple(cells.row[places[:MOST_EXAMPLES]].tolist())


# What an LF decides -------------------------------------------------------------------------------


def labels_without(model: Any, cells: Cells, lfs: list[int]) -> NDArray[np.float64]:
    """Share of the rows whose label changes if an LF abstains everywhere; NaN for LFs that nobody asked for.

    Parameters
    ----------
    model : fitted label model
    cells : Cells
    lfs : list of int
        The columns to ask for; no more than 40 are.
    """
    changed = np.full(cells.votes.n_lfs, np.nan)
    holds = cells.by_lf(cells.holds).tocsc()
    most = max(1, min(WITHOUT_ROWS, WITHOUT_CELLS // cells.votes.n_lfs))
    for j in lfs[:MOST_WITHOUT]:
        rows = holds.indices[holds.indptr[j] : holds.indptr[j + 1]]
        read = rows[:: max(1, len(rows) // most)]
        proba = model._posterior(model.vote_model_, _silenced(cells.votes.take(read), j))
        share = np.mean(proba.argmax(axis=1) != cells.label[read]) if len(read) else 0.0
        changed[j] = share * len(rows) / cells.votes.n_samples
    return changed


def _silenced(votes: Votes, lf: int) -> Votes:
    codes = np.array(votes.block(0, votes.n_samples))
    codes[lf] = votes.abstain_code
    return ColumnVotes(
        votes.n_samples, votes.n_lfs, votes.values, votes.abstain_code, votes.names, codes
    )
