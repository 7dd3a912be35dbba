"""From what users pass to a label model to votes, labels and classes, read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import _num_samples

from .._evidence.model import VoteModel
from .._votes.classes import (
    check_same_kind,
    check_votes_are_classes,
    resolve_classes,
    warn_of_gold_of_one_class,
)
from .._votes.codes import Votes, is_text, no_gold
from .._votes.containers import check_container, check_lf_names, check_row_order, column_names
from .._votes.encoding import find_encoding, renamed, warn_of_wrapper
from .._votes.gold import read_gold
from .._votes.meanings import literal, literal_votes, open_classes
from .._votes.reader import read_votes
from .._votes.scores import (
    Cells,
    Scores,
    check_speaks_for,
    find_scores,
    n_columns,
    no_bins,
    read_beside,
    with_bins,
    with_ranges,
)
from .._votes.suspects import warn_of_new_values

if TYPE_CHECKING:
    from .._learning.observed import Observed


def observe_votes(model: Any, L: Any, y: Any) -> Observed:
    """What `fit` sees of votes and labels.

    Parameters
    ----------
    model : label model
        With the parameters classes, abstain, scores, vote_meanings, gold and class_balance.
    L, y
        As `fit` takes them.
    """
    from .._learning.observed import observe, with_classes

    check_container(L)
    check_row_order(L=L, y=y)
    n_samples, names = _num_samples(L), column_names(L)
    labels = no_gold(n_samples) if y is None else read_gold(y, n_samples, classes=model.classes)
    fractions = bool(labels.n_labelled) or model.classes is not None
    scored: Scores | None = None
    cells: list[Cells] = []
    if model.scores is None:
        votes = read_votes(L, abstain=model.abstain, names=names, allow_fractions=fractions)
    else:
        scored = find_scores(model.scores, n_columns(L), names)
        votes, cells = read_beside(
            L, scored, abstain=model.abstain, names=names, allow_fractions=fractions
        )
    meanings, named, encoding = model.vote_meanings, model.classes, None
    if y is not None:
        warn_of_wrapper(labels)
        encoding = None if meanings else find_encoding(votes, labels, named)
        votes = renamed(votes, encoding)
    counted = labels if model.gold != "ignore" else no_gold(votes.n_samples)
    binned = votes
    if scored is not None:
        scored = with_ranges(scored, cells)
        binned = with_bins(votes, scored, cells)
    observed = observe(binned, counted, by_pairs=model._by_pairs)
    model._warn_unidentified(observed)
    symbols, plain_votes = (observed.lf, observed.vote), votes
    if meanings or scored is not None:
        symbols = literal(observed.lf, observed.vote, meanings)
        plain_votes = literal_votes(votes, meanings)
    balance = model.class_balance
    classes = resolve_classes(named, model.abstain, labels, plain_votes, *symbols, balance)
    warn_of_gold_of_one_class(counted, classes, named, balance)
    if scored is not None:
        check_speaks_for(scored, classes, names)
    sets = open_classes(meanings, classes) if meanings else {}
    return with_classes(observed, classes, encoding, scored, sets)


def votes_for(model: Any, learned: VoteModel, L: Any) -> Votes:
    """The votes L as a fitted label model reads them.

    Parameters
    ----------
    model : fitted label model
    learned : VoteModel
    L
        As `predict_proba` takes it.
    """
    names, known = check_lf_names(model, L), no_bins(learned.table.vote)
    scored, n_lfs = model._scores, len(learned.table.joint)
    if scored is not None:
        _check_width(n_columns(L), n_lfs, model)
    votes, cells = read_beside(
        L, scored, abstain=model.abstain, names=names, allow_fractions=known.dtype.kind == "f"
    )
    votes = renamed(votes, model._encoding)
    check_same_kind(votes.vote_values, known)
    if is_text(votes.values):
        warn_of_new_values(votes.values, known, "L", "is no evidence")
    if model.classes is not None:
        check_votes_are_classes(learned.classes, literal_votes(votes, model.vote_meanings))
    _check_width(votes.n_lfs, n_lfs, model)
    return with_bins(votes, scored, cells)


def _check_width(n_lfs: int, expected: int, model: Any) -> None:
    if n_lfs != expected:
        raise ValueError(
            f"X has {n_lfs} features, but {type(model).__name__} is expecting {expected} features as input"
        )
