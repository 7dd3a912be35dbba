"""What labeling functions do, counted block by block: how often they vote, meet, disagree and are right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _num_samples

from .._evidence.lookup import find_symbols
from .._learning.observed import observe, with_classes
from .._utils import check_row_order
from .._votes.classes import check_same_kind
from .._votes.coded_columns import values_of
from .._votes.codes import ColumnVotes, GoldLabels, SparseVotes, Votes, class_index, is_bin, no_gold
from .._votes.gold import read_gold
from .._votes.meanings import open_classes
from .._votes.pairs import count_votes, dense, sum_by_lf, symbols_by_vote
from .._votes.per_lf import LFCounts, count_per_lf
from .._votes.reader import column_names
from .._votes.scores import (
    Cells,
    Scores,
    check_speaks_for,
    no_bins,
    read_beside,
    with_bins,
    with_ranges,
)
from .._votes.suspects import warn_of_new_values
from ._fitted import FittedModel, check_label_model
from ._report.agreement import leaning_class, leaning_of

if TYPE_CHECKING:
    from .._utils.types import LabelsLike, Marker, ScoreColumns, VoteMatrix


def read_inspected(
    L: VoteMatrix,
    y: LabelsLike | None = None,
    label_model: FittedModel | None = None,
    abstain: Marker = -1,
    scores: ScoreColumns | None = None,
) -> tuple[Votes, GoldLabels]:
    """Votes, with their LFs' names where there are any, and gold labels, read as `fit` reads them.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
    y : array-like of shape (n_samples,) or None
    label_model : fitted label model or None
        Its classes and abstain marker are taken where there is one.
    abstain : scalar, list of scalars or None
    scores : "all", list or mask of columns, dict of column to class, or None
        A score is read as a vote for the class that its rank leans to.

    Raises
    ------
    ValueError
        As `fit`, and for another number of LFs than the label model was fitted with.
    TypeError, NotFittedError
        No label model of this package, or not a fitted one.
    """
    names = column_names(L)
    if names is None:
        names = getattr(label_model, "feature_names_in_", None)
    check_row_order(L=L, y=y)
    if label_model is None:
        # As in `fit`, the votes are read only after the labels: with them fractional votes are kept.
        gold = read_gold(y, _num_samples(L))
        votes, scored, cells = read_beside(
            L, scores, abstain=abstain, names=names, allow_fractions=bool(gold.n_labelled)
        )
        if scored is not None:
            votes = _leaning_by_rank(votes, gold, with_ranges(scored, cells), cells)
    else:
        votes = leaning_votes(check_label_model(label_model)._read_votes(L), label_model)
        gold = read_gold(y, votes.n_samples, classes=label_model.classes_)
    check_same_kind(votes.vote_values, gold.values)
    warn_of_new_values(gold.values, votes.vote_values, "y", "counts as wrong")
    return replace(votes, names=names), gold


def _leaning_by_rank(votes: Votes, gold: GoldLabels, scored: Scores, cells: list[Cells]) -> Votes:
    """The votes, and for each score one for the class that it leans to; of classes 0 and 1 where none is known."""
    binned = with_bins(votes, scored, cells)
    observed = observe(binned, no_gold(votes.n_samples), by_pairs=False)
    named: set[Any] = {label for label in scored.labels if label is not None}
    known = named | {*no_bins(observed.vote).tolist(), *gold.values.tolist()}
    classes = values_of(known) if known else np.arange(2)
    check_speaks_for(scored, classes, votes.names)
    meaning = with_classes(observed, classes, scores=scored).meaning
    leans = leaning_of(meaning, class_index(observed.vote, classes))
    return as_leaning(binned, observed.lf, observed.vote, leans, classes)


def leaning_votes(votes: Votes, label_model: FittedModel) -> Votes:
    """The votes, in which a score is a vote for the class that it leans to, and abstains where there is none.

    Parameters
    ----------
    votes : ColumnVotes or SparseVotes
        As the label model reads them.
    label_model : fitted label model
    """
    if label_model._scores is None:
        return votes
    learned = label_model.vote_model_
    table = learned.table
    leans = leaning_class(learned, label_model._kept, table.lf, table.vote)
    return as_leaning(votes, table.lf, table.vote, leans, label_model.classes_)


def as_leaning(
    votes: Votes,
    lf: NDArray[np.intp],
    vote: NDArray[Any],
    leans: NDArray[np.intp],
    labels: NDArray[Any],
) -> Votes:
    """The votes, in which a score is a vote for the class that its symbol leans to.

    Parameters
    ----------
    votes : ColumnVotes or SparseVotes
    lf, vote, leans : ndarray of shape (n_symbols,)
        Symbols, and the place of the class among `labels`.
    labels : ndarray of shape (n_classes,)
    """
    classes = labels.tolist()
    leans = np.append(leans, len(classes))
    leans = leans[find_symbols(votes, lf, vote)][:, : votes.n_codes]
    spoken = no_bins(votes.vote_values).tolist()
    values = values_of({*spoken, *classes})
    code_of = {value: code for code, value in enumerate(values.tolist())}
    of_class = np.array([*(code_of[label] for label in classes), len(values)])
    # The value of each code, None for the abstain's.
    padded = np.append(votes.values, [None] * (votes.n_codes - len(votes.values)))
    literal = [code_of.get(vote, len(values)) for vote in padded.tolist()]
    codes = np.where(is_bin(padded), of_class[leans], literal)
    codes = codes.astype(np.min_scalar_type(len(values)))
    lfs = np.arange(votes.n_lfs)[:, None]
    if isinstance(votes, SparseVotes):
        read = codes[votes.indices, votes.codes]
        return replace(votes, codes=read, values=values, abstain_code=len(values))
    read = codes[lfs, votes.block(0, votes.n_samples)]
    return ColumnVotes(votes.n_samples, votes.n_lfs, values, len(values), votes.names, read)


def lf_names(votes: Votes) -> list[Any]:
    """Names of the LFs, or their column numbers."""
    return list(range(votes.n_lfs)) if votes.names is None else votes.names.tolist()


def count_lfs(votes: Votes, gold: GoldLabels, label_model: FittedModel | None = None) -> LFCounts:
    """What LFs do; a vote that leaves several classes open is right, and agrees, where one of these is meant.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
    label_model : fitted label model or None
        Its `vote_meanings` say which classes votes leave open.
    """
    counts, sets = count_per_lf(votes, gold), _open_to(label_model)
    if not sets:
        return counts
    conflicts, correct, incorrect = _count_with_sets(votes, gold, sets)
    return replace(counts, conflicts=conflicts, correct=correct, incorrect=incorrect)


def _open_to(label_model: FittedModel | None) -> dict[Any, list[Any]]:
    """The classes that each vote leaves open, of those votes that leave several open."""
    meanings = getattr(label_model, "vote_meanings", None)
    if label_model is None or not meanings:
        return {}
    classes = label_model.classes_
    return {vote: classes[at].tolist() for vote, at in open_classes(meanings, classes).items()}


def _meant(votes: NDArray[Any], sets: dict[Any, list[Any]]) -> list[set[Any]]:
    """What each vote speaks for: the classes that it leaves open, else itself."""
    return [set(sets.get(vote, [vote])) for vote in votes.tolist()]


def _count_with_sets(
    votes: Votes, gold: GoldLabels, sets: dict[Any, list[Any]]
) -> NDArray[np.int64]:
    """Conflicts, votes that are right, and wrong ones, shape (3, n_lfs)."""
    meant = _meant(votes.values, sets)
    apart = np.zeros((votes.n_codes, votes.n_codes))
    right = np.zeros((votes.n_codes, len(gold.values) + 1), dtype=bool)
    for code, classes in enumerate(meant):
        apart[code, : len(meant)] = [not classes & others for others in meant]
        right[code, :-1] = [label in classes for label in gold.values.tolist()]
    apart[votes.abstain_code] = apart[:, votes.abstain_code] = 0
    totals = np.zeros((3, votes.n_lfs), dtype=np.int64)
    for rows, codes in votes.blocks(votes.n_codes):
        voted, of_gold = codes != votes.abstain_code, gold.codes[rows]
        present = np.stack([(codes == code).any(axis=0) for code in range(votes.n_codes)], axis=1)
        row = np.arange(codes.shape[1])
        totals[0] += (voted & ((present @ apart)[row, codes] > 0)).sum(axis=1)
        labelled = voted & (of_gold < len(gold.values))
        totals[1] += (labelled & right[codes, of_gold]).sum(axis=1)
        totals[2] += (labelled & ~right[codes, of_gold]).sum(axis=1)
    return totals


def pair_shares(
    votes: Votes, label_model: FittedModel | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of all rows in which two LFs both vote, and in which they vote differently.

    Returns
    -------
    overlap, conflict : ndarray of shape (n_lfs, n_lfs)
        In [0, 1], symmetric. The diagonal of `overlap` is the coverage, that of `conflict` zero.
    """
    statistics = count_votes(votes, no_gold(votes.n_samples))
    lf, pairs = statistics.lf, statistics.cooccurrence
    together = sum_by_lf(pairs, lf, votes.n_lfs)
    sets, vote = _open_to(label_model), statistics.vote
    if sets:
        meant = _meant(vote, sets)
        alike = np.array([[bool(one & other) for other in meant] for one in meant])
        agree = sum_by_lf(dense(pairs) * alike, lf, votes.n_lfs)
    else:
        agree = np.zeros_like(together)
        for symbols in symbols_by_vote(vote):
            agree[np.ix_(lf[symbols], lf[symbols])] += dense(pairs[symbols][:, symbols])
    return together / votes.n_samples, (together - agree) / votes.n_samples
