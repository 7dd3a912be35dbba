"""Votes as small integer codes, made a block of rows at a time, so that a large matrix is never copied.

A vote code indexes `Votes.values`, the sorted distinct votes of the whole matrix; one code stands for
the abstain.

The key of a row is 64 bits that follow from its votes alone, whatever codes and place they have. It mixes the sum,
modulo 2^64, of one number for each vote, which LF and value mix into (A. L. Zobrist, A New Hashing Method, 1970; with
the finaliser of SplitMix64, G. L. Steele et al., OOPSLA 2014, in place of a table of random numbers).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import total_ordering
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils import quoted

SURVEY_CELLS = 1 << 16
# Fewer than 2^24 rows, so that float32 counts them.
CHUNK_CELLS, CHUNK_ROWS = 1 << 24, 1 << 18
# Rows of so many patterns are counted by one histogram.
PATTERNS_PER_ROW = 4
# All else is counted in the distinct rows where these are so few times fewer than rows.
FEW_DISTINCT = 4
# Tables of the keys of some LFs' patterns stay in the cache.
KEY_PATTERNS = 1 << 12
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
TILE_CELLS = 1 << 16
SPARSE_TILE = 1 << 18
# Looked at where a look at some will do.
SOME_ROWS = 1000
NO_VOTE = (
    "L holds no vote: every cell is the abstain marker or missing. Check the parameter `abstain`."
)


@dataclass(frozen=True)
class Votes(ABC):
    """Votes of n_samples rows by n_lfs labeling functions, as codes.

    Attributes
    ----------
    n_samples, n_lfs : int
    values : ndarray of shape (n_values,)
        The vote that each code stands for, sorted; some may never occur.
    abstain_code : int
        The code of "no vote": an index of `values` that is the abstain marker, or n_values.
    names : ndarray of shape (n_lfs,) or None
        LF names, for messages.
    weight : ndarray of shape (n_samples,) or None, default=None
        How many rows each stands for, wherever these lie; None where each is a row in its place.
    n_rows : float
        Rows that the votes are of.
    n_codes : int
        Codes there are, the abstain's included.
    code_dtype : dtype
        Unsigned integers that hold them.
    cells_per_row : float
        Cells that a row takes.
    """

    n_samples: int
    n_lfs: int
    values: NDArray[Any]
    abstain_code: int
    names: NDArray[np.object_] | None
    weight: NDArray[np.float64] | None = field(default=None, kw_only=True)
    n_rows: float = field(init=False)
    n_codes: int = field(init=False)
    code_dtype: np.dtype[Any] = field(init=False)
    cells_per_row: float = field(init=False)

    def __post_init__(self) -> None:
        vars(self).update(
            n_rows=self.n_samples if self.weight is None else float(self.weight.sum()),
            n_codes=max(len(self.values), self.abstain_code + 1),
            code_dtype=np.min_scalar_type(len(self.values)),
            cells_per_row=float(self.n_lfs),
        )

    @abstractmethod
    def block(self, start: int, stop: int) -> NDArray[Any]:
        """Vote codes of rows start to stop, shape (n_lfs, stop - start), unsigned integers."""

    @abstractmethod
    def take(self, rows: NDArray[np.intp]) -> Votes:
        """The votes of some rows; the codes stay what they are."""

    def coded(self, codes: NDArray[Any]) -> ColumnVotes:
        """Other rows of the same votes, by their codes, (n_lfs, n_rows)."""
        n_rows = codes.shape[1]
        return ColumnVotes(n_rows, self.n_lfs, self.values, self.abstain_code, self.names, codes)

    def recoded(self, table: NDArray[Any], values: NDArray[Any]) -> ColumnVotes | SparseVotes:
        """The same votes by codes of other values: of each code the new one, the one after them for an abstain."""
        codes = self.coded(table[self.block(0, self.n_samples)])
        return replace(codes, values=values, abstain_code=len(values), weight=self.weight)

    def chunks(self, least: int = 1, cells: int | None = None) -> list[slice]:
        """Runs of rows to work on one by one, one at least: of about so many cells, and at least so many rows."""
        fitting = int((cells or CHUNK_CELLS) / max(1.0, self.cells_per_row))
        n_rows = max(least, min(CHUNK_ROWS, fitting))
        starts = range(0, max(1, self.n_samples), n_rows)
        return [slice(start, min(start + n_rows, self.n_samples)) for start in starts]

    def blocks(self, cells_per_vote: int = 1) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Rows and vote codes of each block of rows, few enough for a result of so many cells a vote."""
        n_rows = max(1, SURVEY_CELLS // (self.n_lfs * cells_per_vote))
        for start in range(0, self.n_samples, n_rows):
            rows = slice(start, min(start + n_rows, self.n_samples))
            yield rows, self.block(rows.start, rows.stop)

    def some_rows(self) -> Votes:
        """Evenly spaced rows, some 1,000 where there are more."""
        if self.weight is None:
            rows = np.unique(np.linspace(0, self.n_samples - 1, SOME_ROWS).astype(np.intp))
        else:
            ends = np.cumsum(self.weight)
            places = (np.arange(SOME_ROWS) + 0.5) * (ends[-1] / SOME_ROWS)
            rows = np.minimum(np.searchsorted(ends, places), len(ends) - 1)
        return self.take(rows)

    def runs(self, most_patterns: int) -> list[slice]:
        """Neighbouring LFs taken together, as many as have at most so many patterns of votes."""
        together = max(1, int(np.log(most_patterns) / np.log(max(self.n_codes, 2))))
        ends = range(0, self.n_lfs, together)
        return [slice(start, min(start + together, self.n_lfs)) for start in ends]

    def run_codes(
        self, start: int, stop: int, runs: list[slice], dtype: type[np.signedinteger] = np.intp
    ) -> Iterator[NDArray[Any]]:
        """For each run, which pattern the rows start to stop have, shape (stop - start,)."""
        codes = self.block(start, stop)
        for lfs in runs:
            n_patterns = self.n_codes ** (lfs.stop - lfs.start)
            joint = codes[lfs.start].astype(np.min_scalar_type(n_patterns))
            for column in codes[lfs.start + 1 : lfs.stop]:
                joint *= joint.dtype.type(self.n_codes)
                joint += column
            yield joint.astype(dtype)

    def cells(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
        """Row (counted from start), LF and code of every vote in the rows start to stop, row by row."""
        n_rows = max(1, SPARSE_TILE // self.n_lfs)
        spoken, said = [], []
        # One tile at least, so that no rows have no cells.
        for first in range(start, max(stop, start + 1), n_rows):
            tile = np.ascontiguousarray(self.block(first, min(first + n_rows, stop)).T).ravel()
            found = np.flatnonzero(tile != self.abstain_code)
            said.append(tile[found])
            spoken.append(found + (first - start) * self.n_lfs)
        row, lf = np.divmod(np.concatenate(spoken), self.n_lfs)
        return row, lf, np.concatenate(said)

    def row_keys(self, rows: slice) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        """Keys and numbers of votes of some rows, shapes (n_rows,)."""
        n_rows, of_lf = rows.stop - rows.start, mixed(np.arange(self.n_lfs, dtype=np.uint64))
        # An abstain adds nothing: one code stands for it, which need not be that of a value.
        spoken = np.arange(self.n_codes) != self.abstain_code
        value = np.zeros(self.n_codes, dtype=np.uint64)
        value[: len(self.values)] = mixed(value_keys(self.values))
        key, n_votes = np.zeros(n_rows, dtype=np.uint64), np.zeros(n_rows, dtype=np.intp)
        runs = self.runs(min(KEY_PATTERNS, max(self.n_codes, n_rows)))
        for lfs, codes in zip(runs, self.run_codes(rows.start, rows.stop, runs), strict=True):
            # Sums of every pattern of the run.
            sums, counts = np.zeros(1, dtype=np.uint64), np.zeros(1, dtype=np.intp)
            for cells in np.where(spoken, mixed(of_lf[lfs, None] ^ value), np.uint64(0)):
                sums, counts = (sums[:, None] + cells).ravel(), (counts[:, None] + spoken).ravel()
            key += sums[codes]
            n_votes += counts[codes]
        return mixed(key), n_votes

    @property
    def vote_values(self) -> NDArray[Any]:
        """`values` without the abstain marker."""
        return self.values[np.arange(len(self.values)) != self.abstain_code]


@dataclass(frozen=True)
class DenseVotes(Votes):
    """Whole numbers (as integers, booleans or floats with NaN), read from the array block by block."""

    array: NDArray[Any]

    def take(self, rows: NDArray[np.intp]) -> DenseVotes:
        return replace(self, array=self.array[rows], n_samples=len(rows))

    def block(self, start: int, stop: int) -> NDArray[Any]:
        cells, low = self.array[start:stop], self.values[0]
        missing = np.isnan(cells) if cells.dtype.kind == "f" else None
        if missing is not None:
            cells = np.where(missing, low, cells).astype(np.int64)
        if int(self.values[-1]) - int(low) == len(self.values) - 1:
            codes = np.empty(cells.shape[::-1], dtype=self.code_dtype)
            n_rows = max(1, TILE_CELLS // self.n_lfs)
            for first in range(0, len(cells), n_rows):
                # Unsigned differences wrap, so the low bytes suffice; they are the quicker to transpose.
                tile = cells[first : first + n_rows].astype(self.code_dtype)
                tile -= low.astype(self.code_dtype)
                codes[:, first : first + n_rows] = tile.T
        else:
            codes = np.searchsorted(self.values, cells.T).astype(self.code_dtype)
        if missing is not None:
            codes[missing.T] = self.abstain_code
        return codes


@dataclass(frozen=True)
class ColumnVotes(Votes):
    """Columns of any kind, coded as they were read."""

    codes: NDArray[Any]

    def take(self, rows: NDArray[np.intp]) -> ColumnVotes:
        return replace(self, codes=self.codes[:, rows], n_samples=len(rows))

    def block(self, start: int, stop: int) -> NDArray[Any]:
        return self.codes[:, start:stop]


@dataclass(frozen=True)
class SparseVotes(Votes):
    """The stored entries of a sparse matrix, in CSR order; what is not stored abstains."""

    codes: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        vars(self).update(cells_per_row=1 + len(self.codes) / max(1, self.n_samples))

    def take(self, rows: NDArray[np.intp]) -> SparseVotes:
        lengths = self.indptr[rows + 1] - self.indptr[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.repeat(self.indptr[rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return replace(
            self,
            codes=self.codes[entries],
            indices=self.indices[entries],
            indptr=indptr,
            n_samples=len(rows),
        )

    def block(self, start: int, stop: int) -> NDArray[Any]:
        dense = np.full((self.n_lfs, stop - start), self.abstain_code, dtype=self.code_dtype)
        entries = slice(self.indptr[start], self.indptr[stop])
        rows = np.repeat(np.arange(stop - start), np.diff(self.indptr[start : stop + 1]))
        dense[self.indices[entries], rows] = self.codes[entries]
        return dense

    def recoded(self, table: NDArray[Any], values: NDArray[Any]) -> SparseVotes:
        return replace(self, codes=table[self.codes], values=values, abstain_code=len(values))

    def cells(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
        entries = slice(self.indptr[start], self.indptr[stop])
        codes = self.codes[entries]
        rows = np.repeat(np.arange(stop - start), np.diff(self.indptr[start : stop + 1]))
        spoken = np.flatnonzero(codes != self.abstain_code)
        lfs = self.indices[entries].astype(np.intp)
        if len(spoken) < len(codes):
            rows, lfs, codes = rows[spoken], lfs[spoken], codes[spoken]
        return rows, lfs, codes

    def row_keys(self, rows: slice) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        of_lf, value = mixed(np.arange(self.n_lfs, dtype=np.uint64)), value_keys(self.values)
        row, lf, code = self.cells(rows.start, rows.stop)
        n_votes = np.bincount(row, minlength=rows.stop - rows.start)
        ends = np.cumsum(n_votes)
        sums = np.append(np.uint64(0), np.cumsum(mixed(of_lf[lf] ^ mixed(value)[code])))
        return mixed(sums[ends] - sums[ends - n_votes]), n_votes


def lf_label(names: NDArray[np.object_] | None, lf: int) -> str:
    """How messages call an LF: by its name, else by its column."""
    return f"LF {lf}" if names is None else f"LF {quoted(names[lf])}"


def is_text(values: NDArray[Any]) -> bool:
    """Whether an array of votes or labels holds strings (else numbers)."""
    return values.dtype.kind in "OUST" and any(isinstance(value, str) for value in values)


def are_unlike(some: NDArray[Any], others: NDArray[Any]) -> bool:
    """Whether one of two arrays holds strings and the other numbers."""
    return len(some) > 0 < len(others) and is_text(some) != is_text(others)


@total_ordering
@dataclass(frozen=True)
class Bin:
    """What a score is among votes: the bin that it falls into.

    Attributes
    ----------
    place : int
        Counted from the lowest scores.
    label : scalar or None
        The class that scores speak for; None for the second of two.
    """

    place: int
    label: Hashable = None

    def __lt__(self, other: object) -> bool:
        """Bins come in order, after all votes."""
        return isinstance(other, Bin) and self._key < other._key

    @property
    def _key(self) -> tuple[bool, Any, int]:
        return self.label is not None, self.label, self.place


def is_bin(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of some votes are bins of scores."""
    if values.dtype.kind != "O":
        return np.zeros(len(values), dtype=bool)
    return np.array([isinstance(value, Bin) for value in values], dtype=bool)


def without_bins(values: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
    """Some of the votes, none of which is a bin, in an array as there would be without scores."""
    votes = values[kept]
    if votes.dtype.kind != "O" or is_text(votes):
        return votes
    return np.array(votes.tolist())


@dataclass(frozen=True)
class GoldLabels:
    """Trusted labels of some or all rows.

    Attributes
    ----------
    values : ndarray of shape (n_values,)
        Sorted distinct labels.
    codes : ndarray of shape (n_samples,), dtype intp
        Index of each row's label in `values`; n_values where the row is unlabelled.
    unsettled : int, default=None
        The code of the label -1, where it is not known yet whether it marks rows without one.
    weight : ndarray of shape (n_samples,) or None, default=None
        How many rows each stands for, where that is not one.
    """

    values: NDArray[Any]
    codes: NDArray[np.intp]
    unsettled: int | None = None
    weight: NDArray[np.float64] | None = None

    @property
    def n_labelled(self) -> int:
        """Labelled rows; parts of one count as one."""
        if not len(self.values):
            return 0
        labelled = self.codes < len(self.values)
        weight = None if self.weight is None else self.weight[labelled]
        return int(np.count_nonzero(labelled) if weight is None else np.ceil(weight.sum()))

    @property
    def complete(self) -> bool:
        """Whether every row is labelled."""
        return bool((self.codes < len(self.values)).all())

    def take(self, rows: NDArray[np.intp]) -> GoldLabels:
        """The labels of some rows."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, codes=self.codes[rows], weight=weight)


def no_gold(n_samples: int) -> GoldLabels:
    """Gold labels of no row; they take no memory."""
    return GoldLabels(np.array([], dtype=np.intp), np.broadcast_to(np.intp(0), n_samples))


def class_index(values: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Position of each value in classes; n_classes for a value that is no class."""
    position = {label: i for i, label in enumerate(classes.tolist())}
    return np.array([position.get(v, len(classes)) for v in values.tolist()], dtype=np.intp)


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that tell nothing of each other however alike those were, each another one for another number."""
    z = numbers + GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def value_keys(values: NDArray[Any]) -> NDArray[np.uint64]:
    """A key for each of some votes or labels, shape (n_values,): equal ones for equal values of whatever dtype."""
    kind = values.dtype.kind
    if kind in "biu":
        return mixed(values.astype(np.uint64 if kind == "u" else np.int64).view(np.uint64))
    if kind == "f":
        whole = np.rint(values) == values
        keys = value_keys(np.where(whole, values, 0).astype(np.int64))
        keys[~whole] = value_keys(values[~whole].astype(object))
        return keys
    # "surrogatepass": a text that was read from broken bytes has a key, too.
    texts = [
        b"s" + value.encode("utf-8", "surrogatepass")
        if isinstance(value, str)
        else quoted(value).encode()
        for value in values.tolist()
    ]
    return np.array([key_of_bytes(text) for text in texts], dtype=np.uint64)


def key_of_bytes(text: bytes) -> np.uint64:
    """The key of some bytes."""
    return np.uint64(int.from_bytes(blake2b(text, digest_size=8).digest(), "little"))


def grouped(
    votes: Votes,
    gold: GoldLabels,
    weight: NDArray[np.float64] | None,
    *,
    few_distinct: bool = False,
) -> tuple[Votes, GoldLabels, NDArray[np.float64] | None]:
    """Rows of few LFs and votes as one row of each pattern, which weighs as many as are like it; others as given.

    With `few_distinct` only where many rows are alike whatever they hold.
    """
    chunks, n_labels = votes.chunks(), len(gold.values) + 1
    n_patterns = votes.n_codes**votes.n_lfs * n_labels
    if n_patterns > PATTERNS_PER_ROW * (chunks[0].stop - chunks[0].start) or (
        few_distinct and FEW_DISTINCT * n_patterns > votes.n_samples
    ):
        return votes, gold, weight
    total = np.zeros(n_patterns)
    for rows in chunks:
        (code,) = votes.run_codes(rows.start, rows.stop, [slice(0, votes.n_lfs)])
        if n_labels > 1:
            code = code * n_labels + gold.codes[rows]
        total += np.bincount(code, None if weight is None else weight[rows], minlength=n_patterns)
    occur = np.flatnonzero(total)
    pattern, label = np.divmod(occur, n_labels)
    codes = np.empty((votes.n_lfs, len(pattern)), dtype=votes.code_dtype)
    for code in codes[::-1]:
        left = pattern // votes.n_codes
        code[:] = pattern - left * votes.n_codes
        pattern = left
    alike = ColumnVotes(
        len(occur), votes.n_lfs, votes.values, votes.abstain_code, votes.names, codes
    )
    return alike, replace(gold, codes=label, weight=None), total[occur]
