"""Some rows of L: what they hold, how LFs agree in them, which are worth looking at, what labels depend on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._evidence.lookup import find_symbols
from ..._votes.codes import Votes, is_bin
from ..._votes.pairs import dense
from .._fitted import FittedModel
from .agreement import alpha_of_rows, leaning_class, resampler
from .facts import Facts
from .parts import Alpha, ContestedRow, Evidence, Finding, Pair, Pairs, Report, wilson_intervals

# Cells that are looked at one by one.
SHOWN_CELLS = 2_000_000
# LFs that one table shows, that are compared at all, and pairs that a list shows.
MOST_IN_TABLE, MOST_COMPARED, MOST_LISTED = 20, 2_000, 8
LEAST_ROWS = 10
# Share of cells with votes above which a product of arrays is faster than one of sparse arrays.
DENSE = 0.1
N_BOOTSTRAP = 200
MOST_CONTESTED, CANDIDATES, MOST_EXAMPLES = 5, 400, 3
# Votes that a search for changed labels may look at, for each LF and in all.
WITHOUT_CELLS, WITHOUT_ROWS, MOST_WITHOUT = 200_000, 2_000, 40


@dataclass(frozen=True, eq=False)
class Cells:
    """Some rows.

    Attributes
    ----------
    votes : Votes
    row : ndarray of shape (n_rows,), dtype object
        What users call each row.
    proba : ndarray of shape (n_rows, n_classes)
    label : ndarray of shape (n_rows,)
        Most probable class.
    lf : ndarray of shape (n_symbols,)
        The LF of each symbol.
    meant : ndarray of shape (n_symbols, n_classes), dtype bool
        The classes that it speaks for: one, several for a vote that leaves them open, none for what is no class.
    holds : CSR array of shape (n_rows, n_symbols)
        1 where the row holds the symbol.
    spoken : CSR array of shape (n_rows, n_lfs)
        1 where the LF casts one that is known.
    """

    votes: Votes
    row: NDArray[np.object_]
    proba: NDArray[np.float64]
    label: NDArray[np.intp]
    lf: NDArray[np.intp]
    meant: NDArray[np.bool_]
    holds: sp.csr_array
    spoken: sp.csr_array

    @property
    def counts(self) -> NDArray[np.float64]:
        """Votes that speak for each class, shape (n_rows, n_classes)."""
        return np.asarray(self.holds @ self.meant.astype(np.float64))

    def some(self, places: NDArray[np.intp]) -> tuple[Any, ...]:
        """What the first of some rows are called."""
        return tuple(self.row[places[:MOST_EXAMPLES]].tolist())


def cells_of(
    model: FittedModel, votes: Votes, row: NDArray[np.object_], most: int = SHOWN_CELLS
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
    k = len(learned.classes)
    most_rows = max(1, most // max(votes.n_lfs, k))
    at = np.arange(votes.n_samples)
    if votes.n_samples > most_rows:
        at = np.linspace(0, votes.n_samples - 1, most_rows).astype(np.intp)
        votes = votes.take(at)
    symbol = find_symbols(votes, table.lf, table.vote)
    held = symbol[np.arange(votes.n_lfs)[:, None], votes.block(0, votes.n_samples)].T
    rows, lfs = np.nonzero(held < len(table.lf))
    once, n_rows = np.ones(len(rows)), votes.n_samples
    holds = sp.csr_array((once, (rows, held[rows, lfs])), shape=(n_rows, len(table.lf)))
    spoken = sp.csr_array((once, (rows, lfs)), shape=(n_rows, votes.n_lfs))
    meant = leaning_class(learned, model._kept, table.lf, table.vote)[:, None] == np.arange(k)
    meaning = model._kept.meaning
    if meaning is not None:
        open_to = meaning == meaning.max(axis=1, keepdims=True)
        open_to &= ~open_to.all(axis=1, keepdims=True) & ~is_bin(table.vote)[:, None]
        meant = np.where(meant.any(axis=1, keepdims=True), meant, open_to)
    proba = model._posterior(learned, votes)
    label = proba.argmax(axis=1)
    return at, Cells(votes, row[at], proba, label, table.lf, meant, holds, spoken)


def alpha_of(cells: Cells) -> Alpha:
    """Krippendorff's alpha of the votes that speak for a single class."""
    names_one = cells.meant.sum(axis=1) == 1
    counts = sp.csr_array(cells.holds @ sp.csr_array(cells.meant * names_one[:, None] * 1.0))
    if not (np.asarray(counts.sum(axis=1)) > 1).any():
        return Alpha(np.nan, np.nan, np.nan)
    weight = np.ones(counts.shape[0])
    resampled = resampler(weight, N_BOOTSTRAP, np.random.RandomState(0))
    numbers = np.zeros(counts.shape[1])
    return Alpha(*alpha_of_rows(counts, weight, "nominal", numbers, resampled))


# How LFs agree two by two ------------------------------------------------------------------------


def pairs_of(cells: Cells, names: list[Hashable], n_kinds: NDArray[np.intp]) -> Pairs | None:
    """Agreement of all pairs of LFs; None for a single LF, and for more than 2,000.

    Parameters
    ----------
    cells : Cells
    names : list of length n_lfs
    n_kinds : ndarray of shape (n_lfs,)
        Distinct votes that each LF gives.
    """
    n_lfs = cells.votes.n_lfs
    if not 2 <= n_lfs <= MOST_COMPARED:
        return None
    rows, agreed = _meetings(cells)
    votes = rows.diagonal().copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        agreement = agreed / rows
        lift = rows * cells.votes.n_samples / np.outer(votes, votes)
    meeting = bool((n_kinds == 1).sum() * 2 > (n_kinds > 0).sum())
    alike, at_odds = _extremes(rows, agreement, lift, meeting)

    def listed(pairs: NDArray[np.intp]) -> tuple[Pair, ...]:
        return tuple(
            Pair(names[i], names[j], int(rows[i, j]), float(agreement[i, j]), float(lift[i, j]))
            for i, j in pairs.tolist()
        )

    table = np.where(rows > 0, lift if meeting else agreement, np.nan)
    np.fill_diagonal(table, np.nan)
    lfs = tuple(names) if n_lfs <= MOST_IN_TABLE else ()
    return Pairs(meeting, lfs, table[: len(lfs), : len(lfs)], listed(alike), listed(at_odds))


def _meetings(cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows in which two LFs both vote, and in which they speak for a common class; each (n_lfs, n_lfs)."""
    rows = _products(cells.spoken, cells.spoken)
    # Votes that speak for the same classes are of a kind: a line for each row and kind, so that symbols need no pairs.
    kinds, kind = np.unique(cells.meant, axis=0, return_inverse=True)
    # NumPy 2.0 gives the places another dimension.
    kind = kind.ravel()
    in_common = sp.csr_array(kinds @ kinds.T)
    held, shape = cells.holds.tocoo(), (len(cells.row) * len(kinds), cells.votes.n_lfs)
    line = held.row.astype(np.intp) * len(kinds) + kind[held.col]
    says = sp.csr_array((held.data, (line, cells.lf[held.col])), shape=shape)
    agrees = sp.kron(sp.eye_array(len(cells.row)), in_common, format="csr") @ says
    agreed = _products(says, agrees)
    np.fill_diagonal(agreed, rows.diagonal())
    return rows, agreed


def _products(one: sp.csr_array, other: sp.csr_array) -> NDArray[np.float64]:
    """Inner products of the columns of two matrices of small whole numbers."""
    if one.nnz > DENSE * np.prod(one.shape):
        pair = (each.toarray().astype(np.float32) for each in (one, other))
        return np.asarray(next(pair).T @ next(pair), dtype=np.float64)
    return dense(one.T @ other)


def _extremes(
    rows: NDArray[np.float64],
    agreement: NDArray[np.float64],
    lift: NDArray[np.float64],
    meeting: bool,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs most alike, and those most at odds; each (n_pairs, 2)."""
    pairs = np.argwhere(np.triu(rows >= LEAST_ROWS, 1))
    share, often, common = (each[tuple(pairs.T)] for each in (agreement, lift, rows))
    if meeting:
        order = np.argsort(-often, kind="stable")
        order = order[often[order] > 1]
        alike = share[order] > 1 / 2
        return pairs[order[alike][:MOST_LISTED]], pairs[order[~alike][:MOST_LISTED]]
    # By what the pair's agreement is at least, or at most, so that few rows do not make the most of it.
    low, high = wilson_intervals(share * common, common).T
    most = min(MOST_LISTED, len(pairs) // 2)
    surely, hardly = np.argsort(-low, kind="stable")[:most], np.argsort(high, kind="stable")
    # No pair is both.
    hardly = hardly[~np.isin(hardly, surely)][:most]
    return pairs[surely], pairs[hardly]


# Contested rows -----------------------------------------------------------------------------------


def contested_rows(
    model: FittedModel, cells: Cells, names: list[Hashable]
) -> tuple[ContestedRow, ...]:
    """Rows whose votes speak for different classes, those first whose two most probable classes are closest."""
    if cells.proba.shape[1] < 2:
        return ()
    top = np.sort(np.partition(cells.proba, -2, axis=1)[:, -2:], axis=1)
    gap, speaking = top[:, 1] - top[:, 0], cells.holds @ cells.meant.any(axis=1).astype(np.float64)
    disagree = np.flatnonzero(cells.counts.max(axis=1) < speaking)
    order = np.lexsort((-speaking[disagree], gap[disagree].round(9)))
    closest = disagree[order[:CANDIDATES]]
    codes = np.ascontiguousarray(cells.votes.block(0, cells.votes.n_samples).T)
    _, first = np.unique(codes[closest], axis=0, return_index=True)
    chosen = closest[np.sort(first)[:MOST_CONTESTED]]
    alike = [int((codes == codes[row]).all(axis=1).sum()) for row in chosen]
    terms = model._terms(model.vote_model_, cells.votes.take(chosen))
    return tuple(
        _contested(model, cells, names, int(row), number, added)
        for row, number, added in zip(chosen, alike, terms, strict=True)
    )


def _contested(
    model: FittedModel,
    cells: Cells,
    names: list[Hashable],
    row: int,
    alike: int,
    terms: NDArray[np.float64],
) -> ContestedRow:
    proba, votes = cells.proba[row], cells.votes
    rival, label = np.argsort(proba, kind="stable")[-2:]
    if proba[label] == proba[rival]:
        label, rival = min(label, rival), max(label, rival)
    weight, classes = terms[:, label] - terms[:, rival], model.vote_model_.classes.tolist()
    codes, values = votes.block(row, row + 1)[:, 0], votes.values.tolist()
    evidence = [Evidence(None, None, float(weight[-1]))]
    voters = np.flatnonzero(codes != votes.abstain_code).tolist()
    for j in sorted(voters, key=lambda j: -abs(weight[j])):
        vote = values[codes[j]]
        said = vote if model._scores is None else model._scores.words(j, vote)
        evidence.append(Evidence(names[j], said, float(weight[j])))
    return ContestedRow(
        row=cells.row[row],
        alike=alike,
        label=classes[label],
        rival=classes[rival],
        p_label=float(proba[label]),
        p_rival=float(proba[rival]),
        evidence=tuple(evidence),
    )


# Examples -----------------------------------------------------------------------------------------


def rows_against_label(cells: Cells) -> dict[int, tuple[Any, ...]]:
    """Rows in which each LF votes against the label, those first in which the label is surest."""
    held, meant = cells.holds.tocoo(), cells.meant
    # Votes that speak for other classes than the row's label.
    opposed = np.asarray(meant.any(axis=1))[held.col] & ~meant[held.col, cells.label[held.row]]
    row, lf, sure = held.row[opposed], cells.lf[held.col[opposed]], cells.proba.max(axis=1)
    against = sp.csc_array((np.ones(len(row)), (row, lf)), shape=cells.spoken.shape)
    found = {}
    for j in range(cells.votes.n_lfs):
        rows = against.indices[against.indptr[j] : against.indptr[j + 1]]
        if len(rows):
            found[j] = cells.some(rows[np.argsort(-sure[rows], kind="stable")])
    return found


def outvoted_rows(cells: Cells) -> tuple[Any, ...]:
    """Rows whose label has fewer votes than another class, those first in which it lacks most."""
    counts = cells.counts
    lacking = counts.max(axis=1) - counts[np.arange(len(counts)), cells.label]
    order = np.argsort(-lacking, kind="stable")
    return cells.some(order[lacking[order] > 0])


# What an LF decides -------------------------------------------------------------------------------


def labels_without(model: FittedModel, cells: Cells, lfs: list[int]) -> NDArray[np.float64]:
    """Share of the rows whose label changes if an LF abstains everywhere; NaN for LFs that nobody asked for.

    Parameters
    ----------
    model : fitted label model
    cells : Cells
    lfs : list of int
        The columns to ask for; no more than 40 are.
    """
    changed = np.full(cells.votes.n_lfs, np.nan)
    holds = cells.spoken.tocsc()
    most = max(1, min(WITHOUT_ROWS, WITHOUT_CELLS // cells.votes.n_lfs))
    for j in lfs[:MOST_WITHOUT]:
        rows = holds.indices[holds.indptr[j] : holds.indptr[j + 1]]
        read = rows[:: max(1, len(rows) // most)]
        some = cells.votes.take(read)
        codes = np.array(some.block(0, some.n_samples))
        codes[j] = some.abstain_code
        proba = model._posterior(model.vote_model_, some.coded(codes))
        share = np.mean(proba.argmax(axis=1) != cells.label[read]) if len(read) else 0.0
        changed[j] = share * len(rows) / cells.votes.n_samples
    return changed


# Into the report -----------------------------------------------------------------------------------


def with_rows(
    report: Report,
    facts: Facts,
    findings: tuple[Finding, ...],
    model: FittedModel,
    votes: Votes,
    row: NDArray[np.object_],
) -> Report:
    """With what some rows show: how LFs agree, which rows are contested, and rows to look at for each finding."""
    names, (_, cells) = facts.name.tolist(), cells_of(model, votes, row)
    column = {name: j for j, name in enumerate(names)}
    # It is worth asking first what would be without the LFs that something was found of.
    named = [column[found.lf] for found in findings if found.lf is not None]
    voting = np.flatnonzero(facts.coverage > 0).tolist()
    without = labels_without(model, cells, list(dict.fromkeys([*named, *voting])))
    against = rows_against_label(cells)
    return replace(
        report,
        findings=tuple(
            _with_rows(finding, column, facts, cells, against, without)
            for finding in report.findings
        ),
        lfs=report.lfs.assign(without=without),
        model=replace(report.model, alpha=alpha_of(cells)),
        pairs=pairs_of(cells, names, facts.kinds),
        contested=contested_rows(model, cells, names),
    )


def _with_rows(
    finding: Finding,
    column: dict[Hashable, int],
    facts: Facts,
    cells: Cells,
    against: dict[int, tuple[Any, ...]],
    without: NDArray[np.float64],
) -> Finding:
    """With rows to look at, and what would be without the LF."""
    code = finding.code
    if code == "against-majority":
        return replace(finding, rows=outvoted_rows(cells))
    if code == "silent-rows":
        return replace(finding, rows=cells.some(np.flatnonzero(np.diff(cells.holds.indptr) == 0)))
    if finding.lf is None or code.startswith("drifted"):
        return finding
    j = column[finding.lf]
    rows = () if code == "never-votes" else against.get(j, ())
    if code == "near-duplicate":
        other = next(copy.first for copy in facts.model.copies if copy.second == j)
        codes = cells.votes.block(0, cells.votes.n_samples)
        rows = cells.some(np.flatnonzero(codes[other] != codes[j]))
    share = None if np.isnan(without[j]) else float(without[j])
    return replace(finding, rows=rows, without=share)
