"""Columns of short texts as small codes, from their bytes as Arrow lays them out: no cell becomes a Python object.

A text is read as one or two words of 64 bits. The words of texts that were met have places in a table, no two the same
one. Every cell is looked up there and compared, so that codes are alike only where texts are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

TILE_ROWS = 1 << 14
# With more texts, Arrow's own table is the quicker.
MOST_TEXTS = 128
# So few are the quicker compared with one after the other.
FEW_TEXTS = 4
# Cells of which texts are learned at a time, and trials to find a table for these.
AT_ONCE, TRIALS = 256, 64
# A word holds so many bytes of a text, and in its last one their number; a view holds so many.
BYTES_OF_A_WORD, BYTES_OF_A_VIEW = 7, 12
# The words of no text.
NO_TEXT = np.uint64(2**64 - 1)

Words = NDArray[np.uint64]


def coded_texts(chunk: pa.Array) -> tuple[NDArray[np.uint8], list[str | None]] | None:
    """Codes of the texts of an Arrow array.

    Parameters
    ----------
    chunk : pyarrow StringArray, LargeStringArray or StringViewArray

    Returns
    -------
    codes : ndarray of shape (n_rows,), dtype uint8
        0 where a cell is missing.
    texts : list of str or None
        What each code stands for, first None. Two codes may stand for one text.

        In place of both None, where texts are many or long.
    """
    tiles = _tiles(chunk)
    if tiles is None:
        return None
    present = presence(chunk)
    codes = np.empty(len(chunk), dtype=np.uint8)
    known: Words | None = None
    first_rows: list[int] = []
    for start, words in tiles:
        rows = slice(start, start + TILE_ROWS)
        if known is None:
            known = np.full((len(words), 1), NO_TEXT)
            table = _table_of(known)
        while table and len(strange := _find(known, table, words, present[rows], codes[rows])):
            new = _first_of_each(words, strange[:AT_ONCE])
            first_rows += (start + new).tolist()
            known = np.hstack([known, words[:, new]])
            table = _table_of(known)
        if table is None:
            return None
    codes *= present
    return codes, [None, *(chunk[row].as_py() for row in first_rows)]


def presence(array: pa.Array) -> NDArray[np.bool_]:
    """Which cells of an Arrow array are there."""
    if not array.null_count:
        return np.ones(len(array), dtype=bool)
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    present = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
    return present[array.offset :].view(bool)


def codes_of(
    indices: pa.Array, n_codes: int, present: NDArray[np.bool_]
) -> NDArray[np.unsignedinteger]:
    """Indices of an Arrow array from 1 on, 0 where none is present; of as few bytes as hold so many codes."""
    kind = indices.type.to_pandas_dtype()
    places = entries(indices.buffers()[1], kind, indices.offset, len(indices))
    codes = places.astype(np.min_scalar_type(n_codes))
    codes += codes.dtype.type(1)
    codes *= present
    return codes


def entries(buffer: Any, kind: Any, start: int, count: int) -> NDArray[Any]:
    """Entries of a buffer of Arrow, which may hold other bytes behind them; zeros where it holds none."""
    kind = np.dtype(kind)
    if not (buffer and count):
        return np.zeros(count, kind)
    return np.frombuffer(buffer, kind, count, start * kind.itemsize)


# Tables -------------------------------------------------------------------------------------------


# Factors of words, shape (n_words,), and the code of the text at each place that they lead to, shape (2 ** bits,).
_Table = tuple[Words, NDArray[np.intp]]


def _table_of(known: Words) -> _Table | None:
    """A table of texts, (n_words, n_texts), no two of which are at one place; None where there are too many texts."""
    n_words, n_texts = known.shape
    code_at = np.zeros(1 << (2 + 2 * n_texts.bit_length()), dtype=np.intp)
    draw = np.random.default_rng(0)
    for _ in range(TRIALS if n_texts <= MOST_TEXTS else 0):
        factors = np.array(draw.integers(2**64 - 1, size=n_words, dtype=np.uint64))
        places = _places(known, factors, len(code_at))
        if len(np.unique(places)) == n_texts:
            code_at[places] = np.arange(n_texts)
            return factors, code_at
    return None


def _find(
    known: Words,
    table: _Table,
    words: Words,
    present: NDArray[np.bool_],
    codes: NDArray[np.uint8],
) -> NDArray[np.intp]:
    """Write the code of each text; which of those that are present are not known."""
    if known.shape[1] <= 1 + FEW_TEXTS:
        codes[:] = 0
        for code in range(1, known.shape[1]):
            codes += (words == known[:, code, None]).all(axis=0) * np.uint8(code)
        return np.flatnonzero((codes == 0) & present)
    factors, code_at = table
    found = code_at.take(_places(words, factors, len(code_at)), mode="wrap")
    strange = known[0].take(found, mode="wrap") != words[0]
    for one, word in zip(known[1:], words[1:], strict=True):
        strange |= one.take(found, mode="wrap") != word
    codes[:] = found
    return np.flatnonzero(strange & present)


def _places(words: Words, factors: Words, n_places: int) -> NDArray[np.int64]:
    mixed: Words = words[0] * factors[0]
    for word, factor in zip(words[1:], factors[1:], strict=True):
        mixed += word * factor
    mixed >>= np.uint64(65 - n_places.bit_length())
    return mixed.view(np.int64)


def _first_of_each(words: Words, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    first = np.unique(words[:, rows], axis=1, return_index=True)[1]
    return rows[np.sort(first)]


# Words of tiles -----------------------------------------------------------------------------------

_Tiles = Iterator[tuple[int, Words]]


def _tiles(chunk: pa.Array) -> _Tiles | None:
    """First row and words, shape (n_words, n_rows), of each tile; None where texts are too long."""
    if str(chunk.type) == "string_view":
        return _views(chunk)
    kind = "<i8" if str(chunk.type) == "large_string" else "<i4"
    bounds = entries(chunk.buffers()[1], kind, chunk.offset, len(chunk) + 1)
    longest = np.diff(bounds).max(initial=0)
    if longest <= BYTES_OF_A_WORD:
        return _short_texts(bounds, chunk.buffers()[2])
    return _as_views(chunk) if longest <= BYTES_OF_A_VIEW else None


def _views(chunk: pa.Array) -> _Tiles:
    """Views themselves: they hold a short text whole, and of a long one where it lies."""
    views = entries(chunk.buffers()[1], "<u8", 2 * chunk.offset, 2 * len(chunk)).reshape(-1, 2)
    for start in range(0, len(chunk), TILE_ROWS):
        yield start, np.ascontiguousarray(views[start : start + TILE_ROWS].T)


def _as_views(chunk: pa.Array) -> _Tiles | None:
    import pyarrow as pa

    try:
        return _views(chunk.cast("string_view"))
    except pa.ArrowNotImplementedError:
        return None


def _short_texts(bounds: NDArray[Any], data: pa.Buffer | None) -> _Tiles:
    """Bytes of texts and their number."""
    first = int(bounds[0])
    text = np.zeros(int(bounds[-1]) - first + 8, np.uint8)
    text[:-8] = np.frombuffer(data or b"", np.uint8)[first : bounds[-1]]
    for start in range(0, len(bounds) - 1, TILE_ROWS):
        tile = bounds[start : start + TILE_ROWS + 1].astype(np.intp)
        n_bytes = np.diff(tile)
        # Eight bytes from every place on; each text takes those from its own, and shifts what is not its own out.
        eight = np.ndarray((tile[-1] - tile[0] + 1,), "<u8", text.data, tile[0] - first, (1,))
        words = eight.take(tile[:-1] - tile[0])
        words <<= np.uint64(8)
        words <<= (8 * (BYTES_OF_A_WORD - n_bytes)).view(np.uint64)
        words += n_bytes.view(np.uint64)
        yield start, words[None]
