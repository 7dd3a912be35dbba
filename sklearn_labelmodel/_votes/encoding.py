"""Votes beside a y that a wrapper of scikit-learn reads in its own way, or has numbered.

Some of scikit-learn's wrappers hand their classifiers the classes as 0, 1, ... in sorted order, and L as it is. Read
as it stands, vote 1 is then another class than label 1.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._utils import callers, listed_values, warn_user
from .codes import GoldLabels, Votes

if TYPE_CHECKING:
    from .._utils.types import Ordered

# Standard errors by which votes must agree with y better than chance, and better than as they stand.
SURE, SURE_AGAINST_LITERAL = 2.0, 3.0
# The least share of a class that may be the mark of unlabelled rows, numbered too.
LEAST_UNLABELLED = 0.05
# Functions of scikit-learn that number the classes in y, also in worker processes.
NUMBERING = ("sklearn.ensemble.", "sklearn.model_selection._validation._fit_and_predict")
NUMBERED_MARK = (
    "The LFs vote for all of y's classes {labels} but one. If rows without a label, which were -1 before a wrapper of "
    "scikit-learn numbered the classes, are now the first of these, they count as a class: fit the wrapper on the "
    "labelled rows only, and before that, if all rows shall be learned from, the label model on all, wrapped in "
    "sklearn.frozen.FrozenEstimator."
)


def warn_of_wrapper(gold: GoldLabels) -> None:
    """Warn where the one who calls `fit` takes the mark of unlabelled rows for a class, or one class for all others.

    Parameters
    ----------
    gold : GoldLabels
        Of some rows at least.
    """
    names = callers()
    if not gold.complete and any(name.startswith("sklearn.calibration.") for name in names):
        warn_user(
            "CalibratedClassifierCV counts the mark of rows without a label as a class. Fit the label model first, and "
            "calibrate it on the labelled rows only: CalibratedClassifierCV(FrozenEstimator(model.fit(L, y))).fit("
            "L[labelled], y[labelled]), with FrozenEstimator of sklearn.frozen."
        )
    if any(name.startswith("sklearn.multiclass.") for name in names):
        warn_user(
            "A wrapper of sklearn.multiclass asks for one class against others, but votes name classes, and 0 and 1 in "
            "its y are none of them. Leave the wrapper out: label models take any number of classes."
        )


def find_encoding(
    votes: Votes, gold: GoldLabels, classes: Iterable[Hashable] | None
) -> dict[Hashable, int] | None:
    """Which label each vote is, where y numbers the classes that LFs vote for.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
    classes : array-like or None
        As the user gave them: then votes mean what they say.

    Returns
    -------
    encoding : dict of vote to label, or None
        In ascending order of both; None where votes mean what they say, or where too little tells that they do not.

    Warns
    -----
    UserWarning
        Votes are read as other labels; or a label looks like the number of the mark -1.
    """
    labels = gold.values
    numbered = labels.dtype.kind in "iu" and np.array_equal(labels, np.arange(len(labels)))
    if classes is not None or len(labels) < 2 or not (numbered and gold.complete):
        return None
    # Where y is no numbering, which is most probable, some rows tell it.
    some = votes.some_rows()
    cast = _cast(np.unique(some.block(0, some.n_samples)), votes)
    if len(cast) > len(labels) or cast == labels.tolist():
        return None
    counts = _count(votes, gold)
    spoken = np.flatnonzero(counts.any(axis=1))
    if not 1 <= len(spoken) <= len(labels):
        return None
    encoding = _best_encoding(votes, gold, spoken, counts[spoken])
    meant = set(_cast(spoken, votes) if encoding is None else encoding.values())
    if _is_numbered_mark(meant, votes, gold):
        warn_user(NUMBERED_MARK.format(labels=listed_values(labels)))
    return encoding


def renamed(votes: Votes, encoding: Mapping[Hashable, Ordered]) -> Votes:
    """The votes under the names that y has for them; votes without one abstain."""
    values = np.array(sorted(encoding.values()))
    place = {value: code for code, value in enumerate(values.tolist())}
    table = np.full(votes.n_codes, len(values), dtype=np.min_scalar_type(len(values)))
    for code, vote in enumerate(votes.values.tolist()):
        if vote in encoding and code != votes.abstain_code:
            table[code] = place[encoding[vote]]
    return votes.recoded(table, values)


def _cast(codes: NDArray[Any], votes: Votes) -> list[Any]:
    """The votes that some codes stand for, abstains left out."""
    values = votes.values.tolist()
    return [values[code] for code in codes if code != votes.abstain_code]


def _count(votes: Votes, gold: GoldLabels) -> NDArray[np.float64]:
    """Cells of each vote code in rows of each label, shape (n_codes, n_labels); none of the abstain's."""
    n_labels = len(gold.values)
    counts = np.zeros(votes.n_codes * n_labels)
    for rows, codes in votes.blocks():
        joint = codes.astype(np.intp) * n_labels + gold.codes[rows]
        counts += np.bincount(joint.ravel(), minlength=len(counts))
    table = counts.reshape(votes.n_codes, n_labels)
    table[votes.abstain_code] = 0
    return table


def _best_encoding(
    votes: Votes, gold: GoldLabels, spoken: NDArray[np.intp], counts: NDArray[np.float64]
) -> dict[Hashable, int] | None:
    """The ascending reading of votes as labels that agrees with y best, where it is sure; else None."""
    cast = _cast(spoken, votes)
    shares = counts.sum(axis=0) / counts.sum()
    best = _ascending(counts - counts.sum(axis=1, keepdims=True) * shares)
    literal = [vote if vote in range(len(shares)) else None for vote in cast]
    if best.tolist() == literal:
        return None
    gain = _agreement(votes, gold, spoken, best.tolist(), shares)
    lead = gain - _agreement(votes, gold, spoken, literal, shares)
    foreign = None in literal
    if _in_deviations(gain) < SURE or _in_deviations(lead) < (
        SURE if foreign else SURE_AGAINST_LITERAL
    ):
        return None
    _warn_of_encoding(cast, best.tolist(), gold.values)
    return dict(zip(cast, best.tolist(), strict=True))


def _ascending(gain: NDArray[np.float64]) -> NDArray[np.intp]:
    """Of all ascending assignments of rows to columns, that with the greatest sum.

    Parameters
    ----------
    gain : ndarray of shape (n_rows, n_columns)
        No more rows than columns.
    """
    n_rows, n_columns = gain.shape
    chosen = np.zeros((n_rows, n_columns), dtype=np.intp)
    before = np.zeros(n_columns + 1)
    for row in range(n_rows):
        total = before[:-1] + gain[row]
        total[:row] = -np.inf
        best = np.maximum.accumulate(total)
        fresh = np.where(total == best, np.arange(n_columns), 0)
        chosen[row] = np.maximum.accumulate(fresh)
        before = np.concatenate([[-np.inf], best])
    places = np.zeros(n_rows, dtype=np.intp)
    last = n_columns - 1
    for row in reversed(range(n_rows)):
        places[row] = chosen[row, last]
        last = places[row] - 1
    return places


def _agreement(
    votes: Votes,
    gold: GoldLabels,
    spoken: NDArray[np.intp],
    labels: list[int | None],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Votes of each row that agree with y if read as these labels, less what chance would have; shape (n_samples,)."""
    meaning = np.full(votes.n_codes, -1)
    expected = np.zeros(votes.n_codes)
    for code, label in zip(spoken, labels, strict=True):
        if label is not None:
            meaning[code], expected[code] = label, shares[label]
    agreement = np.empty(votes.n_samples)
    for rows, codes in votes.blocks():
        right = meaning[codes] == gold.codes[rows]
        agreement[rows] = (right - expected[codes]).sum(axis=0)
    return agreement


def _in_deviations(per_row: NDArray[np.float64]) -> float:
    """A sum over rows in standard deviations of such a sum about zero; rows, unlike cells, are independent."""
    deviation = np.sqrt((per_row**2).sum())
    return float(per_row.sum() / deviation) if deviation else 0.0


def _warn_of_encoding(cast: list[Hashable], labels: list[int], values: NDArray[Any]) -> None:
    others = [vote for vote in cast if vote not in values.tolist()] or cast
    warn_user(
        f"The votes {listed_values(np.array(others, dtype=object))} are none of y's classes {listed_values(values)}, "
        "which look like numbers of them, as some wrappers of scikit-learn hand them on. The votes "
        f"{listed_values(np.array(cast, dtype=object))} are read as {listed_values(np.array(labels))}, since so they "
        "agree with y. To be sure, write votes as these numbers yourself."
    )


def _is_numbered_mark(meant: set[Hashable], votes: Votes, gold: GoldLabels) -> bool:
    """Whether one of y's labels, for which no LF votes, may be the number of the mark of unlabelled rows."""
    n_labels = len(gold.values)
    if n_labels < 3 or len(meant) != n_labels - 1:
        return False
    if any(name.startswith(NUMBERING) for name in callers()):
        return True
    return meant == set(range(1, n_labels)) and _votes_alike(votes, gold.codes == 0)


def _votes_alike(votes: Votes, rows: NDArray[np.bool_]) -> bool:
    """Whether LFs vote in some rows, not too few, about as often as in the others."""
    n_votes = np.zeros(votes.n_samples)
    for block_rows, codes in votes.blocks():
        n_votes[block_rows] = (codes != votes.abstain_code).sum(axis=0)
    few = rows.mean() < LEAST_UNLABELLED
    return not few and bool(n_votes[rows].mean() > n_votes[~rows].mean() / 2)
