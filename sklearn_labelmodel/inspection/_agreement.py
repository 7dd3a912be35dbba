"""How far voters agree beyond chance: Krippendorff's alpha and Cohen's kappa."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import quoted, random_state_of
from .._votes.codes import Votes, is_text, no_gold
from .._votes.pairs import count_votes
from .._votes.patterns import Patterns, read_patterns
from ._lf_counts import lf_names, read_inspected
from ._report.agreement import (
    NO_SPREAD,
    Sums,
    added,
    alpha_of_rows,
    alpha_of_sums,
    interval,
    places,
    products,
    resampler,
    sums_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import Marker, VoteMatrix

LEVELS = ("nominal", "ordinal", "interval")

# More voters have too many pairs to look at, and none of them matters to alpha.
MOST_VOTERS = 100


@dataclass(frozen=True, eq=False, repr=False)
class Agreement:
    """How far voters agree; `print` it, or look at its parts.

    Attributes
    ----------
    level : {"nominal", "ordinal", "interval"}
    alpha : float
        Krippendorff's alpha of all voters: 1 is full agreement, 0 what chance gives; NaN where all votes are alike.
    low, high : float
        95% interval of alpha; NaN without a bootstrap.
    n_rows, n_votes : int
        Rows with two votes or more, and the votes in them: only these count.
    pairs : DataFrame
        Indexed by both voters; empty for more than 100 voters. Its columns are rows (both vote), alpha, low, high
        and Cohen's kappa.
    left_out : DataFrame
        Indexed by voter; empty for more than 100 voters. Its columns are alpha, low and high of all others.
    """

    level: str
    alpha: float
    low: float
    high: float
    n_rows: int
    n_votes: int
    pairs: pd.DataFrame
    left_out: pd.DataFrame

    def __str__(self) -> str:
        rows = f"{self.n_votes:,} votes in {self.n_rows:,} rows with two votes or more"
        lines = [
            f"Krippendorff's alpha ({self.level}) {_with_interval(self)}",
            f"  {rows}; 1 is full agreement, 0 what chance gives",
        ]
        pairs = self.pairs.dropna(subset="alpha").sort_values("alpha")
        if len(pairs) > 1:
            lines.append(f"  most alike   {_pair_line(pairs.iloc[-1])}")
            lines.append(f"  least alike  {_pair_line(pairs.iloc[0])}")
            best = self.left_out.sort_values("alpha", na_position="first").iloc[-1]
            lines.append(f"  without {best.name}: {_with_interval(best)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def _with_interval(numbers: Any) -> str:
    interval = "" if np.isnan(numbers.low) else f" ({numbers.low:.2f} to {numbers.high:.2f})"
    return f"{numbers.alpha:.2f}{interval}"


def _pair_line(pair: Any) -> str:
    first, second = pair.name
    return f"{first} and {second}: {_with_interval(pair)}, kappa {pair.kappa:.2f}"


def agreement(
    L: VoteMatrix,
    level: str = "nominal",
    *,
    abstain: Marker = -1,
    n_bootstrap: int = 500,
    random_state: int | np.random.RandomState | None = None,
) -> Agreement:
    """Say how far voters agree beyond chance: all of them, each pair, and all but one.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        Votes, as `LabelModelClassifier.fit` takes them; in a dense L also scores, at the ordinal and interval level.
    level : {"nominal", "ordinal", "interval"}, default="nominal"
        What votes differ in: "nominal" counts votes as alike or not; "ordinal" counts how many votes lie between
        them, for ratings; "interval" squares the difference of numbers.
    abstain : int, float, str or None, default=-1
        The vote that means "no vote", as every missing value does.
    n_bootstrap : int, default=500
        Samples of rows that the 95% intervals come from; 0 leaves the intervals out.
    random_state : int, RandomState instance or None, default=None
        Draws the samples. NumPy's global generator is never used.

    Returns
    -------
    agreement : Agreement
        With `alpha`, `low`, `high`, and the tables `pairs` and `left_out`; `print` shows the gist.

    Raises
    ------
    ValueError
        Fewer than two LFs, or no row with two votes; an unknown level, or votes that are texts at another level than
        the nominal; votes that `fit` would refuse.
    TypeError
        A vote that is neither number nor string.

    Notes
    -----
    Alpha is 1 - observed / expected disagreement (K. Krippendorff, Computing Krippendorff's Alpha-Reliability,
    2011). Rows are drawn for the intervals, all votes of a row together; ranks of the ordinal level stay those of all
    rows. Kappa is scikit-learn's `cohen_kappa_score` over the rows in which both vote; at the ordinal and the interval
    level with quadratic weights, between the positions of the distinct votes of L. Agreement is no accuracy: voters
    that err together agree.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.inspection import agreement
    >>> L = pd.DataFrame({
    ...     "ann": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    ...     "bob": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    ...     "cy": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    ...     "di": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None]})
    >>> agreement(L, random_state=0)
    Krippendorff's alpha (nominal) 0.74 (0.43 to 0.94)
      40 votes in 11 rows with two votes or more; 1 is full agreement, 0 what chance gives
      most alike   bob and di: 0.88 (0.56 to 1.00), kappa 0.87
      least alike  ann and cy: 0.49 (-0.08 to 0.83), kappa 0.48
      without cy: 0.87 (0.58 to 1.00)
    """
    if level not in LEVELS:
        raise ValueError(
            f"level is {quoted(level)}; it must be 'nominal', 'ordinal' or 'interval'."
        )
    votes, numbers = _read(L, level, abstain)
    if votes.n_lfs < 2:
        raise ValueError("L has one LF, which has no other to agree with.")
    random = random_state_of(random_state)
    # Of more voters, each alone and each pair is left out.
    names = lf_names(votes) if votes.n_lfs <= MOST_VOTERS else []
    patterns = read_patterns(votes, no_gold(votes.n_samples))
    pairable = np.diff(patterns.indicators.indptr) > 1
    if not pairable.any():
        raise ValueError("No row has votes of two LFs, so that nothing shows whether they agree.")
    resampled = resampler(patterns.weight, n_bootstrap, random)
    code = np.searchsorted(votes.values, patterns.vote)
    symbols = sp.eye_array(len(votes.values), format="csr")[code]
    alpha_of = partial(
        alpha_of_rows, weight=patterns.weight, level=level, numbers=numbers, resampled=resampled
    )
    alpha, low, high = alpha_of(patterns.indicators @ symbols)
    return Agreement(
        level=level,
        alpha=alpha,
        low=low,
        high=high,
        n_rows=int(patterns.weight[pairable].sum()),
        n_votes=int(patterns.weight[pairable] @ np.diff(patterns.indicators.indptr)[pairable]),
        pairs=_pairs(votes, names, (level, numbers), n_bootstrap, random),
        left_out=_left_out(patterns, symbols, names, alpha_of),
    )


# Votes and where they stand -----------------------------------------------------------------------


def _read(L: VoteMatrix, level: str, abstain: Marker) -> tuple[Votes, NDArray[np.float64]]:
    """The votes, and the number that each of their values stands for (at the nominal level, any)."""
    scores = None if level == "nominal" else _scores(L, abstain)
    if scores is not None:
        import pandas as pd

        ranks, numbers = scores
        names: Any = getattr(L, "columns", None)
        votes = read_inspected(pd.DataFrame(ranks, columns=names))[0]
        return votes, numbers[np.maximum(votes.values, 0)]
    votes = read_inspected(L, abstain=abstain)[0]
    if level == "nominal":
        return votes, np.zeros(len(votes.values))
    if is_text(votes.values):
        raise ValueError(
            f"level={quoted(level)} needs numbers, and the votes are texts. Write them as numbers in their order, as "
            "by ColumnLF's label_map."
        )
    return votes, votes.values.astype(np.float64)


def _scores(L: VoteMatrix, abstain: Marker) -> tuple[NDArray[np.intp], NDArray[np.float64]] | None:
    """Numbers with a fraction, which are no votes: the place of each among the distinct ones, and these."""
    if sp.issparse(L):
        return None
    array = np.asarray(L)
    if array.dtype.kind != "f" or np.isinf(array).any() or array.ndim != 2:
        return None
    marker: Any = abstain
    present = ~np.isnan(array) & ~np.isin(array, [marker] if np.isreal(marker) else [])
    if np.array_equal(array[present], np.rint(array[present])):
        return None
    numbers, place = np.unique(array[present], return_inverse=True)
    ranks = np.full(array.shape, -1)
    ranks[present] = place
    return ranks, numbers


def _left_out(
    patterns: Patterns,
    symbols: sp.csr_array,
    names: list[Hashable],
    alpha_of: Callable[[sp.csr_array], tuple[float, float, float]],
) -> pd.DataFrame:
    """Alpha of all voters but one, for each of the names."""
    import pandas as pd

    counts, by_symbol = patterns.indicators @ symbols, patterns.indicators.tocsc()
    bounds = np.searchsorted(patterns.lf, np.arange(len(names) + 1))
    rows = [
        alpha_of(counts - by_symbol[:, own] @ symbols[own])
        for own in map(slice, bounds[:-1], bounds[1:])
    ]
    index = pd.Index(names, name="lf", tupleize_cols=False)
    return pd.DataFrame(rows, columns=["alpha", "low", "high"], index=index, dtype=float)


# Pairs --------------------------------------------------------------------------------------------


def _pairs(
    votes: Votes,
    names: list[Hashable],
    scale: tuple[str, NDArray[np.float64]],
    n_bootstrap: int,
    random: np.random.RandomState,
) -> pd.DataFrame:
    """Alpha, its interval and kappa of each pair of the voters that are named."""
    import pandas as pd

    named = list(combinations(names, 2))
    index = pd.MultiIndex.from_tuples(named, names=["first", "second"])
    columns = ["rows", "alpha", "low", "high", "kappa"]
    if not named:
        return pd.DataFrame(columns=columns, index=index, dtype=float)
    of_pair, codes = _cells(votes)
    sums = _sums_of_pairs(of_pair, codes, scale)
    intervals = np.full((len(named), 2), np.nan)
    for pair in range(len(named) if n_bootstrap else 0):
        own = slice(*of_pair.indptr[pair : pair + 2])
        if own.start < own.stop:
            resampled = resampler(of_pair.data[own], n_bootstrap, random)
            samples = resampled((sums[0][own], sums[1][own]))
            intervals[pair] = interval(alpha_of_sums(samples))
    kappa = _kappa(of_pair, codes, len(votes.values), scale[0])
    rows = of_pair.sum(axis=1).astype(np.int64)
    numbers = [rows, alpha_of_sums(added(of_pair, sums)), *intervals.T, kappa]
    return pd.DataFrame(dict(zip(columns, numbers, strict=True)), index=index)


def _cells(votes: Votes) -> tuple[sp.csr_array, NDArray[np.intp]]:
    """Pairs of votes that two voters cast in the same rows, in order of the pairs of voters.

    Returns
    -------
    rows : CSR array of shape (n_pairs, n_cells)
        In how many rows each pair of voters casts them; every column has one entry.
    codes : ndarray of shape (2, n_cells)
        The two votes.
    """
    statistics = count_votes(votes, no_gold(votes.n_samples))
    code = np.searchsorted(votes.values, statistics.vote)
    together = sp.triu(sp.coo_array(statistics.cooccurrence), k=1)
    row, column = together.coords
    lf, other = statistics.lf[row], statistics.lf[column]
    pair = lf * (2 * votes.n_lfs - lf - 1) // 2 + other - lf - 1
    order = np.lexsort((column, row, pair))
    n_pairs = votes.n_lfs * (votes.n_lfs - 1) // 2
    entries = (together.data[order], (pair[order], np.arange(len(order))))
    codes = np.stack([code[row[order]], code[column[order]]])
    return sp.csr_array(entries, shape=(n_pairs, len(order))), codes


def _sums_of_pairs(
    of_pair: sp.csr_array, codes: NDArray[np.intp], scale: tuple[str, NDArray[np.float64]]
) -> Sums:
    pair = of_pair.tocoo().coords[0]
    counts = np.zeros((of_pair.shape[0], len(scale[1])))
    for code in codes:
        np.add.at(counts, (pair, code), of_pair.data)
    one, other = (places(*scale, counts, pair, code) for code in codes)
    square = products(one, one) + products(other, other)
    return sums_of(np.full(len(square), 2.0), square, one + other)


def _kappa(
    of_pair: sp.csr_array, codes: NDArray[np.intp], n_values: int, level: str
) -> NDArray[np.float64]:
    """Cohen's kappa of each pair: 1 - disagreement / what the two voters' shares of votes would give by chance."""
    level, positions = "nominal" if level == "nominal" else "interval", np.arange(float(n_values))
    nothing, pair = np.empty((0, 0)), of_pair.tocoo().coords[0]
    one, other = (places(level, positions, nothing, pair, code) for code in codes)
    square = of_pair @ (products(one, one) + products(other, other))
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance = products(of_pair @ one, of_pair @ other) / of_pair.sum(axis=1)
        expected = square - 2 * by_chance
        kappa = 1 - (square - 2 * (of_pair @ products(one, other))) / expected
        return np.where(expected > NO_SPREAD * square, kappa, np.nan)
