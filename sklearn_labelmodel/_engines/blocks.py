"""Blocks of rows: small pieces put together, large ones cut, and errors that say where a row lies."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .._utils import Warned, kept_warnings, without_row
from .._utils.texts import coded_texts, codes_of, presence
from .source import Block, Counted, OfBlock, Progress, Sum

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_CELLS = 1 << 23
LEAST_ROWS, MOST_ROWS = 1 << 16, 1 << 20
# Rows are grouped quicker than they are read, unless hardly any is like another.
LEAST_ALIKE = 2
# Groups of blocks are grouped again when they are so many times those of all blocks before.
MOST_HELD = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Piece:
    """Rows that lie together.

    Attributes
    ----------
    rows : pyarrow Table, pandas DataFrame or ndarray
    place : str
        The file or partition, empty where there is but one.
    first_row : int
        Its place there.
    """

    rows: Block
    place: str = ""
    first_row: int = 0

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def cuts(self, n_rows: int) -> Iterator[Piece]:
        """The same rows in pieces of at most so many."""
        whole = getattr(self.rows, "iloc", self.rows)
        for start in range(0, len(self), n_rows):
            yield Piece(whole[start : start + n_rows], self.place, self.first_row + start)


# Who reads only some of them closes them.
Pieces = Generator[Piece, None, None]


def heard(function: Callable[[], Result]) -> tuple[Result, frozenset[Warned]]:
    """What a function returns, and what it warned of, without a row: each block would name another one."""
    with kept_warnings() as kept:
        result = function()
    return result, frozenset((without_row(text), category) for text, category in kept)


def rows_of_a_block(n_columns: int) -> int:
    """Rows of a block: enough to make counting worth a call, and no more than memory holds."""
    return min(max(BLOCK_CELLS // max(n_columns, 1), LEAST_ROWS), MOST_ROWS)


def in_blocks(pieces: Iterable[Piece], n_columns: int) -> Iterator[list[Piece]]:
    """Pieces put together to blocks of about, and at most, as many rows as fit so many columns."""
    n_rows = rows_of_a_block(n_columns)
    block: list[Piece] = []
    size = 0
    for piece in pieces:
        for cut in piece.cuts(n_rows):
            if size + len(cut) > n_rows and block:
                yield block
                block, size = [], 0
            block.append(cut)
            size += len(cut)
    if block:
        yield block


def joined(block: list[Piece]) -> Any:
    """The rows of a block as one table."""
    if len(block) == 1:
        return block[0].rows
    import pyarrow as pa

    rows = pa.concat_tables([piece.rows for piece in block])
    try:
        return rows.unify_dictionaries()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # One of them holds a missing value, as of a key of folders, or values that Arrow cannot compare.
        return rows.cast(pa.schema(map(_decoded, rows.schema), rows.schema.metadata))


def _decoded(field: pa.Field) -> pa.Field:
    import pyarrow as pa

    is_dictionary = pa.types.is_dictionary(field.type)
    return field.with_type(field.type.value_type) if is_dictionary else field


def count_block(of_block: OfBlock[Sum], block: list[Piece]) -> Counted[Sum]:
    """What is counted of a block.

    Raises
    ------
    ValueError, TypeError
        As `of_block` does, with the file or partition, and the row counted there.
    """
    rows = joined(block)
    found, warned = heard(lambda: with_place(lambda rows: of_block(rows, None), rows, block))
    return sum(map(len, block)), found, warned


def few_groups(block: list[Piece]) -> pa.Table | None:
    """As `grouped_block`; None where Arrow does not group the rows, or not to few."""
    rows = joined(block)
    if not hasattr(rows, "group_by"):
        return None
    import pyarrow as pa

    try:
        groups = _grouped(rows)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
    return groups if are_alike(len(groups), len(rows)) else None


def are_alike(n_distinct: int, n_rows: int) -> bool:
    """Whether so many distinct rows of some say that to group them is worth it."""
    return LEAST_ALIKE * n_distinct <= n_rows


def _grouped(rows: pa.Table, counts: pa.ChunkedArray | None = None) -> pa.Table:
    """The distinct rows of an Arrow table, and in a last column their numbers, or the sums of their counts."""
    import pyarrow as pa

    places = [str(place) for place in range(rows.num_columns)]
    coded = [_as_numbers(column) for column in rows.columns]
    numbers = pa.table([column for column, _ in coded], names=places)
    if counts is None:
        groups, total = numbers.group_by(places).aggregate([([], "count_all")]), "count_all"
    else:
        weighted = numbers.append_column("count", counts)
        groups, total = weighted.group_by(places).aggregate([("count", "sum")]), "count_sum"
    columns = [
        groups.column(place) if values is None else values.take(groups.column(place))
        for place, (_, values) in zip(places, coded, strict=True)
    ]
    return pa.table([*columns, groups.column(total)], names=[*places, "count_all"])


def _as_numbers(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray | pa.Array, pa.Array | None]:
    """A column as numbers and the values that these index, where that is quicker to group: Arrow is slow with nulls."""
    import pyarrow as pa

    kind = column.type
    is_number = pa.types.is_primitive(kind)
    if is_number and not column.null_count:
        return column, None
    array = column.unify_dictionaries().combine_chunks()
    is_text = kind in (pa.string(), pa.large_string())
    coded = coded_texts(array) if is_text else None
    if coded is not None:
        return pa.array(coded[0]), pa.array(coded[1], kind)
    if is_text or is_number:
        array = array.dictionary_encode()
    if not pa.types.is_dictionary(array.type):
        return column, None
    values = array.dictionary
    codes = codes_of(array.indices, len(values) + 1, presence(array))
    return pa.array(codes), pa.concat_arrays([pa.nulls(1, values.type), values])


def grouped_block(block: list[Piece]) -> pa.Table:
    """The distinct rows of a block and, in a last column, their numbers."""
    return _grouped(joined(block))


def merged_groups(blocks: Iterable[pa.Table], progress: Progress | None) -> Pieces:
    """The groups of all blocks from those of each; more than fit a block come in turns."""
    held: list[pa.Table] = []
    for groups in blocks:
        if progress is not None:
            progress(int(groups.column("count_all").to_numpy().sum()))
        held.append(groups)
        if sum(map(len, held)) > min(MOST_ROWS, MOST_HELD * len(held[0])):
            held = [_regrouped(held)]
        if len(held) == 1 and 2 * len(held[0]) > MOST_ROWS:
            yield Piece(held.pop())
    if held:
        yield Piece(_regrouped(held))


def _regrouped(groups: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    if len(groups) == 1:
        return groups[0]
    rows = pa.concat_tables(groups)
    return _grouped(rows.drop_columns("count_all"), rows.column("count_all"))


def count_groups(
    of_block: OfBlock[Sum], block: list[Piece], groups: pa.Table | None = None
) -> Counted[Sum]:
    """As `count_block`, by the distinct rows; one by one, rows are read only to name one that is at fault."""
    rows = joined(block)
    try:
        groups = _grouped(rows) if groups is None else groups
        return count_weighted(of_block, groups, rows.column_names)
    except (ValueError, TypeError):
        return count_block(of_block, block)


def count_weighted(of_block: OfBlock[Sum], groups: pa.Table, names: list[str]) -> Counted[Sum]:
    """What is counted of distinct rows, whose numbers are the last column."""
    last = groups.num_columns - 1
    weight = groups.column(last).to_numpy().astype(np.int64)
    votes = groups.remove_column(last).rename_columns(names)
    found, warned = heard(lambda: of_block(votes, weight))
    return int(weight.sum()), found, warned


def with_place(function: Callable[[Block], Result], rows: Block, block: list[Piece]) -> Result:
    """Call a function with the rows of a block; an error names the piece that is at fault."""
    try:
        return function(rows)
    except (ValueError, TypeError) as error:
        for piece in block:
            _try_alone(function, piece)
        places = dict.fromkeys(piece.place for piece in block if piece.place)
        error.args = (": ".join([*([" and ".join(places)] if places else []), str(error)]),)
        raise


def _try_alone(function: Callable[[Block], object], piece: Piece) -> None:
    try:
        function(piece.rows)
    except (ValueError, TypeError) as error:
        told = moved(str(error), piece.first_row)
        error.args = (f"{piece.place}: {told}" if piece.place else told,)
        raise


def moved(message: str, by: int) -> str:
    """A message whose rows are counted from another row on; names in quotes stay."""

    def further(found: re.Match[str]) -> str:
        row = int(found[1]) + by
        return f"row {row}" + (f" (index {row})" if found[2] else "")

    return re.sub(r"(?<!['\"\w])row (\d+)\b( \(index \1\))?", further, message)


def count_pieces(
    of_block: OfBlock[Sum], pieces: Iterable[Piece], n_columns: int
) -> Counted[Sum] | None:
    """What is counted of pieces, one block after the other; None where there is no row."""
    return total(map_blocks(of_block, in_blocks(pieces, n_columns), map))


def map_blocks(
    of_block: OfBlock[Sum],
    blocks: Iterator[list[Piece]],
    mapped: Callable[..., Iterator[Counted[Sum]]],
) -> Iterator[Counted[Sum]]:
    """What is counted of each block, by a function such as `map`."""
    first = next(blocks, None)
    if first is None:
        return
    groups = few_groups(first)
    if groups is None:
        yield from mapped(lambda block: count_block(of_block, block), chain([first], blocks))
        return
    grouped = chain([(first, groups)], ((block, None) for block in blocks))
    yield from mapped(lambda both: count_groups(of_block, *both), grouped)


def total(
    parts: Iterable[Counted[Sum] | None], progress: Progress | None = None
) -> Counted[Sum] | None:
    """The sum of all parts but those that are None, of which no two are held besides it."""
    n_rows, found, warned = 0, None, frozenset[Warned]()
    for part in parts:
        if part is not None:
            if progress is not None:
                progress(part[0])
            n_rows += part[0]
            found = part[1] if found is None else found + part[1]
            warned |= part[2]
    return None if found is None else (n_rows, found, warned)


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], n_threads: int | None = None
) -> Iterator[Result]:
    """As `map`, in threads, by default as many as Arrow's; few items are read ahead of what is taken."""
    import pyarrow as pa

    n_threads = n_threads or pa.cpu_count()
    pool = ThreadPoolExecutor(n_threads)
    ahead: deque[Future[Result]] = deque()
    try:
        for item in items:
            ahead.append(pool.submit(function, item))
            if len(ahead) > n_threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
