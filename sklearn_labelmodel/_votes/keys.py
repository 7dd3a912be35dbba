"""Keys of rows: 64 bits that follow from the votes alone, whatever codes and places they have; and rows drawn by them.

The key of a row mixes the sum, modulo 2^64, of one number for each vote, which LF and value mix into (Zobrist hashing,
with the finaliser of SplitMix64 in place of a table of random numbers).

References
----------
A. L. Zobrist. A New Hashing Method with Application for Game Playing. University of Wisconsin, 1970.

G. L. Steele, D. Lea, C. H. Flood. Fast Splittable Pseudorandom Number Generators. OOPSLA 2014.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils import quoted
from .codes import SparseVotes, Votes

# Tables of the patterns of some LFs that stay in the cache.
MOST_PATTERNS = 1 << 12
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that tell nothing of each other however alike those were, each another one for another number."""
    z = numbers + GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def combined(key: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The key of two keys together."""
    return mixed(key ^ mixed(other))


def as_share(key: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Keys as numbers in (0, 1], such that those of any set of keys look drawn at random, and unlike their order."""
    return np.asarray((mixed(key ^ GOLDEN) >> np.uint64(11)) + np.uint64(1)) * 2.0**-53


def runs_of(keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The order in which keys ascend, and where in it each one that is unlike that before stands."""
    order = np.argsort(keys)
    ascending = keys[order]
    return order, np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: len(keys)])


def value_keys(values: NDArray[Any], salt: bytes = b"") -> NDArray[np.uint64]:
    """A key for each of some votes or labels, shape (n_values,): equal ones for equal values of whatever dtype."""
    if values.dtype.kind == "f":
        whole = np.rint(values) == values
        keys = _of_whole(np.where(whole, values, 0).astype(np.int64))
        keys[~whole] = _of_texts(values[~whole].tolist())
    elif values.dtype.kind in "biu":
        keys = _of_whole(values)
    else:
        keys = _of_texts(values.tolist())
    return mixed(keys ^ _of_bytes(salt)) if salt else keys


def _of_whole(values: NDArray[Any]) -> NDArray[np.uint64]:
    return mixed(values.astype(np.uint64 if values.dtype.kind == "u" else np.int64).view(np.uint64))


def _of_texts(values: list[object]) -> NDArray[np.uint64]:
    return np.array([_of_bytes(_as_bytes(value)) for value in values], dtype=np.uint64)


def _as_bytes(value: object) -> bytes:
    # "surrogatepass": a text that was read from broken bytes has a key, too.
    return (
        b"s" + value.encode("utf-8", "surrogatepass")
        if isinstance(value, str)
        else quoted(value).encode()
    )


def _of_bytes(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(text, digest_size=8).digest(), "little"))


def row_keys(votes: Votes, start: int, stop: int) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Keys and numbers of votes of the rows start to stop, shapes (stop - start,)."""
    values = value_keys(votes.values)
    # An abstain adds nothing: one code stands for it, which need not be that of a value.
    spoken = np.arange(votes.n_codes) != votes.abstain_code
    value = np.zeros(votes.n_codes, dtype=np.uint64)
    value[: len(values)] = values
    of_lf = mixed(np.arange(votes.n_lfs, dtype=np.uint64))
    if isinstance(votes, SparseVotes):
        return _sparse_keys(votes, start, stop, of_lf, value, spoken)
    key = np.zeros(stop - start, dtype=np.uint64)
    n_votes = np.zeros(stop - start, dtype=np.intp)
    runs = votes.runs(min(MOST_PATTERNS, max(votes.n_codes, stop - start)))
    for lfs, codes in zip(runs, votes.run_codes(start, stop, runs), strict=True):
        patterns = votes.run_patterns(lfs)
        cells = combined(of_lf[lfs], value[patterns])
        cells[~spoken[patterns]] = 0
        key += cells.sum(axis=1, dtype=np.uint64)[codes]
        n_votes += spoken[patterns].sum(axis=1)[codes]
    return mixed(key), n_votes


def _sparse_keys(
    votes: SparseVotes,
    start: int,
    stop: int,
    of_lf: NDArray[np.uint64],
    value: NDArray[np.uint64],
    spoken: NDArray[np.bool_],
) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    bounds = votes.indptr[start : stop + 1]
    entries = slice(bounds[0], bounds[-1])
    codes = votes.codes[entries]
    cells = combined(of_lf[votes.indices[entries]], value[codes])
    said = spoken[codes]
    cells[~said] = 0
    return mixed(_row_sums(cells, bounds)), _row_sums(said.astype(np.intp), bounds)


def _row_sums(entries: NDArray[Any], bounds: NDArray[Any]) -> NDArray[Any]:
    """Sums over the entries of each row; of unsigned numbers modulo 2^64."""
    before = np.zeros(len(entries) + 1, dtype=entries.dtype)
    np.cumsum(entries, out=before[1:])
    places = before[bounds - bounds[0]]
    return places[1:] - places[:-1]


# Rows drawn by their keys ---------------------------------------------------------------------------


def draw(
    key: NDArray[np.uint64],
    n_votes: NDArray[np.intp],
    weight: NDArray[np.float64],
    most_votes: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Distinct rows that have a vote, gold labels aside: all, or some that stand for all.

    Rows of which at least so many are alike are all drawn, others as probably as they are frequent (Poisson sampling
    with probabilities in proportion to size; Hajék 1964): by their keys, so that the same rows are drawn wherever they
    stand.

    Parameters
    ----------
    key, n_votes, weight : ndarray of shape (n_rows,)
        Of rows that are distinct by votes and gold label.
    most_votes : int
        About how many votes the rows drawn have at most.

    Returns
    -------
    rows : ndarray of shape (n_drawn,)
        In the order of their keys.
    weight : ndarray of shape (n_drawn,)
        Adding up to the weight of all rows that have a vote.
    """
    voted = np.flatnonzero(n_votes)
    order, first = runs_of(key[voted])
    rows = voted[order[first]]
    weight = np.add.reduceat(weight[voted[order]], first)
    size = n_votes[rows]
    if size.sum() <= most_votes:
        return rows, weight
    least_sure = _least_sure(size, weight, most_votes)
    drawn = np.flatnonzero(as_share(key[rows]) * least_sure <= weight)
    stands_for = np.maximum(weight[drawn], least_sure)
    return rows[drawn], stands_for * (weight.sum() / stands_for.sum())


def _least_sure(size: NDArray[np.intp], weight: NDArray[np.float64], most: int) -> float:
    """The weight from which on rows are drawn for sure, such that the sizes of those drawn add up to `most`."""
    order = np.argsort(-weight)
    size, weight = size[order], weight[order]
    room = most - (np.cumsum(size) - size)
    left = np.cumsum((size * weight)[::-1])[::-1]
    level = np.divide(left, room, out=np.full(len(room), np.inf), where=room > 0)
    return float(level[np.argmax(weight <= level)])
