"""What was observed: votes and gold labels, the classes, what each symbol is taken to mean, and their counts."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import as_objects, warn_user
from .._votes.codes import (
    NO_VOTE,
    GoldLabels,
    Votes,
    class_index,
    grouped,
    is_bin,
    lf_label,
    no_gold,
)
from .._votes.gold import GoldCounts
from .._votes.pairs import PairCounts, count_gold, count_votes
from .._votes.patterns import FoundRows, Patterns, draw, find_rows, patterns_of

if TYPE_CHECKING:
    from .._votes.scores import Scores

Value = TypeVar("Value")
WeighedVotes = tuple[Votes, GoldLabels, NDArray[np.float64] | None]

# Rows hold more than so many votes, and so many of each LF, only to say the same more precisely.
MOST_VOTES, VOTES_PER_LF = 1 << 16, 512
# A table of a GiB: a fit holds several.
MOST_TABLE_CELLS = 1 << 27
# Fewer LFs, and a class prior identified less, are told by votes too little; so many LFs are named.
LEAST_LFS, LEAST_IDENTIFIED, NAMED = 3, 0.5, 5
# Co-occurrences of more symbols are not kept beside a fitted model.
MOST_SYMBOLS = 256


# In small letters, since it is used as `property` is.
class once(Generic[Value]):  # noqa: N801
    """A property that is counted when it is first asked for, unless it is in `counted` already.

    `functools.cached_property` counts under a lock of its class (Python 3.11): a process that is forked while another
    thread fits waits for ever.
    """

    def __init__(self, count: Callable[[Any], Value]):
        self.count = count
        self.__doc__ = count.__doc__

    def __get__(self, observed: Observed, owner: type) -> Value:
        name = self.count.__name__
        if name not in observed.counted:
            observed.counted[name] = self.count(observed)
        value: Value = observed.counted[name]
        return value


@dataclass(frozen=True, eq=False)
class Observed:
    """All that learning knows of the votes.

    Attributes
    ----------
    n_samples : float
        Rows, or the sum of their weights.
    n_lfs : int
    names : ndarray of shape (n_lfs,) or None
        Names of the LFs, where they have any.
    rows : tuple of (Votes, GoldLabels, ndarray of shape (n_samples,) or None), or None
        The rows with their labels and weights, those that are alike together where that was worth it already; None
        where only counts are known.
    labels : GoldLabels
        Those that learning may use.
    classes : ndarray of shape (n_classes,)
    lf, vote : ndarray of shape (n_symbols,)
        LF (ascending) and value of every symbol.
    meaning : ndarray of shape (n_symbols, n_classes)
        What each symbol is taken to say before anything is learned, as shares that add up to 1: a class, several, a
        lean, or (equal shares) nothing.
    is_right : ndarray of shape (n_symbols, n_classes), dtype bool
        Whether each symbol is right in each class: in those that it is likelier to mean than by chance.
    symbol_class : ndarray of shape (n_symbols,), dtype intp
        The class that each symbol means; n_classes where it means no single one.
    names_class, tells : ndarray of shape (n_symbols,), dtype bool
        Whether each symbol means a single class, and whether it means anything: all but votes that are no class do.
    frequency : ndarray of shape (n_symbols,)
        P(symbol).
    coverage : ndarray of shape (n_lfs,)
        P(the LF votes).
    overlaps : ndarray of shape (n_lfs,), dtype bool
        Whether each LF shares a row with another LF.
    has_choice : ndarray of shape (n_lfs,), dtype bool
        Whether each LF casts several votes.
    encoding : dict of vote to label, or None
        Which label each vote is, where y numbers the classes that LFs vote for.
    scores : Scores or None
        Columns of scores, and their bins.
    anchored : bool
        Whether accuracies are learned from gold labels.
    counted : dict
        What was counted of these so far.
    """

    n_samples: float
    n_lfs: int
    names: NDArray[np.object_] | None
    rows: WeighedVotes | None
    labels: GoldLabels
    classes: NDArray[Any]
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    meaning: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    symbol_class: NDArray[np.intp]
    names_class: NDArray[np.bool_]
    tells: NDArray[np.bool_]
    frequency: NDArray[np.float64]
    coverage: NDArray[np.float64]
    overlaps: NDArray[np.bool_]
    has_choice: NDArray[np.bool_]
    encoding: dict[Hashable, int] | None = None
    scores: Scores | None = None
    anchored: bool = False
    counted: dict[str, Any] = field(default_factory=dict)

    @once
    def statistics(self) -> PairCounts:
        """How often symbols occur, alone and together."""
        raise ValueError("Of these votes only distinct rows were counted.")

    @once
    def found(self) -> tuple[FoundRows, Votes, GoldLabels]:
        """Where the distinct rows stand among rows that are grouped by their patterns where these are few."""
        if self.rows is None:
            raise ValueError("Of these votes only counts are known.")
        votes, labels, weight = grouped(*self.rows)
        return find_rows(votes, labels, weight), votes, labels

    @once
    def patterns(self) -> Patterns:
        """The distinct rows, those with unlike gold labels apart."""
        found, votes, labels = self.found
        return patterns_of(found, votes, labels, found.scaled(), (self.lf, self.vote))

    @once
    def sample(self) -> Patterns:
        """The distinct rows that have a vote, without gold labels; where they hold many votes, some of them."""
        most = max(MOST_VOTES, VOTES_PER_LF * self.n_lfs)
        if "patterns" in self.counted:
            known = self.patterns
            some = known.only(*draw(known.key, known.n_votes, known.weight, most))
        else:
            found, votes, labels = self.found
            rows, weight = draw(found.key, found.n_votes, found.scaled(), most)
            some = patterns_of(found.only(rows), votes, labels, weight, (self.lf, self.vote))
        return some.unlabelled() if len(some.gold_values) else some

    @once
    def identified(self) -> float:
        """How far votes tell the class prior, in [0, 1].

        By LFs that have a choice: the share of rows with votes in which one votes, times the share of their votes
        that meet another of them. LFs of one symbol, however many, neither tell it nor take away from it.
        """
        sample, choosing = self.sample, self.has_choice[self.lf]
        if not choosing.any():
            return 0.0
        per_row = sample.indicators @ choosing.astype(np.float64)
        reached = sample.weight[per_row > 0].sum() / sample.weight.sum()
        votes = per_row * sample.weight
        return float(reached * votes[per_row > 1].sum() / votes.sum())

    @once
    def gold(self) -> GoldCounts:
        """The labelled rows, counted."""
        if "statistics" in self.counted:
            return count_gold(self.statistics, self.classes)
        return self.patterns.gold_counts(self.classes)

    @once
    def voted_share(self) -> float:
        """Share of the rows that have a vote."""
        return float(self.sample.weight.sum() / self.sample.n_samples)

    def kept(self) -> KeptCounts:
        """What a fitted model keeps of this; of gold labels those that accuracies were learned from."""
        statistics = self.counted.get("statistics")
        pairs = None if statistics is None else statistics.cooccurrence
        small = pairs is not None and not sp.issparse(pairs) and len(pairs) <= MOST_SYMBOLS
        return KeptCounts(
            self.n_samples,
            self.coverage,
            self.overlaps,
            pairs if small else None,
            self.gold if self.anchored else None,
            self.meaning if (self.tells & ~self.names_class).any() else None,
            self.frequency,
        )


def observe(
    votes: Votes,
    labels: GoldLabels,
    weight: NDArray[np.float64] | None = None,
    *,
    by_pairs: bool,
) -> Observed:
    """Votes and labels whose classes are not known yet, counted by pairs of votes or by distinct rows.

    Raises
    ------
    ValueError
        L holds no vote.
    """
    counted: dict[str, Any] = {}
    rows, symbols = grouped(votes, labels, weight, few_distinct=by_pairs), None
    found = None if by_pairs else find_rows(*rows)
    if found is None or not found.complete:
        # Rows that are left out may hold symbols that no other has.
        statistics = counted["statistics"] = count_votes(*rows)
        symbols = statistics.lf, statistics.vote
    if found is not None:
        counted["patterns"] = patterns_of(found, *rows[:2], found.scaled(), symbols)
    observed = observed_counts(counted, labels, names=votes.names, rows=rows)
    if not len(observed.lf):
        raise ValueError(NO_VOTE)
    return observed


def observed_rows(patterns: Patterns, classes: NDArray[Any]) -> Observed:
    """What distinct rows tell; their gold labels are not looked at."""
    labels = no_gold(len(patterns.weight))
    return with_classes(observed_counts({"patterns": patterns}, labels), classes)


def observed_counts(
    counted: dict[str, Any],
    labels: GoldLabels,
    *,
    names: NDArray[np.object_] | None = None,
    rows: WeighedVotes | None = None,
) -> Observed:
    """What was counted, of pairs of votes ("statistics") or distinct rows ("patterns"), before classes are known."""
    exact: PairCounts | Patterns = counted["statistics" if "statistics" in counted else "patterns"]
    counts = exact.counts if isinstance(exact, PairCounts) else exact.counts()
    n_lfs, lf, frequency = exact.n_lfs, exact.lf, counts / exact.n_samples
    return Observed(
        n_samples=exact.n_samples,
        n_lfs=n_lfs,
        names=names,
        rows=rows,
        labels=labels,
        classes=np.zeros(0),
        lf=lf,
        vote=exact.vote,
        meaning=np.zeros((len(lf), 0)),
        is_right=np.zeros((len(lf), 0), dtype=bool),
        symbol_class=np.zeros_like(lf),
        names_class=np.zeros_like(lf, dtype=bool),
        tells=np.zeros_like(lf, dtype=bool),
        frequency=frequency,
        coverage=np.bincount(lf, frequency, minlength=n_lfs).astype(np.float64),
        overlaps=exact.overlaps(),
        has_choice=np.bincount(lf, minlength=n_lfs) > 1,
        counted=counted,
    )


def meaning_of_bins(
    lf: NDArray[np.intp], vote: NDArray[Any], frequency: NDArray[np.float64], classes: NDArray[Any]
) -> NDArray[np.float64]:
    """What bins of scores mean, shape (n_bins, n_classes).

    With r the mean rank of the bin's scores, in (0, 1), the share of its class is r ** (n_classes - 1), the probability
    that r is the greatest of n_classes ranks; the others share what is left.

    Parameters
    ----------
    lf, vote, frequency : ndarray of shape (n_bins,)
        All bins of some LFs, in order.
    classes : ndarray of shape (n_classes,)
    """
    k, last = len(classes), classes.tolist()[-1]
    labels = as_objects([last if one.label is None else one.label for one in vote])
    before = np.append(0.0, np.bincount(lf, frequency).cumsum())
    rank = (np.cumsum(frequency) - frequency / 2 - before[lf]) / np.diff(before)[lf]
    own = np.clip(rank, 0.0, 1.0) ** (k - 1)
    meaning = np.tile(((1 - own) / max(1, k - 1))[:, None], (1, k))
    meaning[np.arange(len(lf)), class_index(labels, classes)] = own
    return meaning


def with_classes(
    observed: Observed,
    classes: NDArray[Any],
    encoding: dict[Hashable, int] | None = None,
    scores: Scores | None = None,
    sets: dict[Hashable, NDArray[np.intp]] | None = None,
    *,
    anchored: bool = False,
) -> Observed:
    """With the classes, what symbols mean by them, and how votes and scores were read.

    Parameters
    ----------
    observed : Observed
    classes : ndarray of shape (n_classes,)
    encoding : dict of vote to label, default=None
    scores : Scores, default=None
    sets : dict of vote to ndarray of classes, default=None
        Places of the classes that some votes leave open.
    anchored : bool, default=False
        Whether accuracies are learned from gold labels.

    Raises
    ------
    MemoryError
        Tables of all votes by all classes would not fit.
    """
    n_symbols, k = len(observed.vote), len(classes)
    if n_symbols * k > MOST_TABLE_CELLS:
        raise MemoryError(
            f"LFs cast {n_symbols:,} different votes, and there are {k:,} classes: what each vote says of each "
            f"class is a table of {n_symbols * k * 8 / 2**30:.1f} GiB, and several are needed at once. "
            "Join rare classes into one, or split the classes into groups and label in two steps."
        )
    symbol_class = class_index(observed.vote, classes)
    named = np.flatnonzero(symbol_class < k)
    meaning = np.zeros((n_symbols, k))
    meaning[named, symbol_class[named]] = 1.0
    meaning[symbol_class == k] = 1 / k
    for vote, left_open in (sets or {}).items():
        symbols = np.flatnonzero(observed.vote == vote)
        meaning[symbols] = 0.0
        meaning[symbols[:, None], left_open] = 1 / len(left_open)
    if scores is not None:
        bins = np.flatnonzero(is_bin(observed.vote))
        of_bins = observed.lf[bins], observed.vote[bins], observed.frequency[bins]
        meaning[bins] = meaning_of_bins(*of_bins, classes)
    names_class, leans = meaning.max(axis=1) == 1.0, meaning.max(axis=1) > meaning.min(axis=1)
    return replace(
        observed,
        classes=classes,
        meaning=meaning,
        is_right=(meaning == 1.0) | (meaning > 1 / k),
        symbol_class=np.where(names_class, meaning.argmax(axis=1), k),
        names_class=names_class,
        tells=names_class | leans | is_bin(observed.vote),
        encoding=encoding,
        scores=scores,
        anchored=anchored,
        counted=dict(observed.counted),
    )


@dataclass(frozen=True, eq=False)
class KeptCounts:
    """What a fitted model keeps of the votes.

    Attributes
    ----------
    n_samples : float
    coverage : ndarray of shape (n_lfs,)
        P(the LF votes).
    overlaps : ndarray of shape (n_lfs,), dtype bool
        Whether each LF shares a row with another.
    cooccurrence : ndarray of shape (n_symbols, n_symbols) or None
        Rows in which two symbols occur, where that is not large.
    gold : GoldCounts or None, default=None
        Labels that accuracies were learned from.
    meaning : ndarray of shape (n_symbols, n_classes) or None, default=None
        What each symbol was taken to say, where some say other things than one class, or nothing.
    frequency : ndarray of shape (n_symbols,) or None, default=None
        P(symbol).
    """

    n_samples: float
    coverage: NDArray[np.float64]
    overlaps: NDArray[np.bool_]
    cooccurrence: NDArray[np.float64] | None
    gold: GoldCounts | None = None
    meaning: NDArray[np.float64] | None = None
    frequency: NDArray[np.float64] | None = None


# Votes that tell too little -----------------------------------------------------------------------


def warn_unidentified(observed: Observed, decides: str) -> None:
    """Warn of labeling functions (LFs) whose accuracy the votes do not tell, and of what decides in their place."""
    if observed.n_lfs < LEAST_LFS:
        fault = f"{observed.n_lfs} LF{'s' if observed.n_lfs > 1 else ''}"
    else:
        alone = np.unique(observed.lf[~observed.overlaps[observed.lf]])
        if not len(alone):
            return
        listed = ", ".join(lf_label(observed.names, int(lf)) for lf in alone[:NAMED])
        more = ", ..." if len(alone) > NAMED else ""
        fault = f"LFs that share no row with another ({listed}{more})"
    warn_user(
        f"The votes cannot identify the accuracies of {fault}; {decides}. At least three LFs that vote on "
        "common rows are needed."
    )


def warn_unidentified_prior(identified: float) -> None:
    """Warn of a class prior that the votes hardly tell.

    Parameters
    ----------
    identified : float
        In [0, 1]; see `Observed.identified`.
    """
    if identified < LEAST_IDENTIFIED:
        warn_user(
            "The votes cannot identify the class prior: only "
            f"{identified:.0%} of them are votes of LFs that cast several votes, in rows of two votes or more. The "
            "estimate leans towards uniform; give class_balance if you know the shares, or label some rows."
        )
