"""The console command `labelmodel`: a file of votes in, a file of labels out."""

from __future__ import annotations

import signal
import sys
import warnings
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from .cells import CellReader
from .columns import LABEL, check_no_repeats, check_voters, columns_of_long, table_of
from .content import STANDARD, open_content
from .labels import findings, labels_of, load_model, reader_of, train
from .messages import (
    BadInputError,
    complain,
    in_options,
    nobody_reads,
    note,
    one_line,
    tell,
    warning_teller,
)
from .options import Options, check_options, parse
from .rows import Blocks, Rows, no_vote, read_long
from .source import Source, open_source
from .writing import Staged, check_folder, open_table, staged

if TYPE_CHECKING:
    from .._models.base import BaseLabelModel

DONE, FAILED, BAD_INPUT = 0, 1, 2
FAULTS = (ArithmeticError, ValueError, ImportError, OSError, EOFError)
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
MOST_CLASSES = 10
# Of more voters, a report takes minutes: only what the fit itself tells is printed.
MOST_REPORTED = 1000
# A table of more cells is not read into memory.
MOST_CELLS = 100_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Of the command line; None takes those of the process.

    Returns
    -------
    status : int
        0 done; 2 bad input; 1 failed to train or to write, or ended from outside. (Wrong usage leaves through
        SystemExit, with 2 as well.)
    """
    options = parse(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        # Sparse votes of a crowd have no names, and their columns are in order.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        warnings.showwarning = warning_teller()
        try:
            check_options(options)
            # Before signals become exceptions: within an import, one may be taken for a library that is missing.
            import pandas as pd  # noqa: F401
            import sklearn.base  # noqa: F401

            with ended_by_signals():
                _work(options)
        except BadInputError as error:
            complain(error)
            return BAD_INPUT
        except BrokenPipeError:
            nobody_reads(sys.stdout)
        except MemoryError:
            complain("there is not enough memory.")
        except FAULTS as error:
            complain(in_options(one_line(error)))
        except (KeyboardInterrupt, EndedError):
            complain("ended before it was done.")
        else:
            return DONE
    return FAILED


def _work(options: Options) -> None:
    """Read votes, learn, write what was asked for, and then print what was found out.

    Raises
    ------
    BadInputError
        What the user gave cannot be used.
    OSError
        A file cannot be written.
    """
    for path in options.written.values():
        check_folder(path)
    model = None if options.model is None else load_model(options.model)
    with open_content(options.votes) as content:
        source = open_source(content, options.sep, options.encoding)
        for text in source.notes:
            note(f"{source.name}: {text}")
        reader = reader_of(options, model)
        table = _read(source, options, reader, model)
        if model is None:
            model = train(options, table, reader, source.name)
        with staged() as files:
            counts = _write_labels(model, table, options, files, source.name)
            if options.save is not None:
                model.save(files.part(options.save))
        # What comes now may take its time, and the labels are safe.
        _tell_findings(model, table, options, counts)


def _read(
    source: Source, options: Options, reader: CellReader, model: BaseLabelModel | None
) -> Rows | Blocks:
    """The rows of the table; those of a large one are not read yet."""
    if options.long is not None:
        columns = columns_of_long(source, options)
        workers = None if model is None else [*map(str, model.feature_names_in_)]
        return read_long(source, columns, reader, options.repeats, workers)
    table = table_of(source, options, reader, model)
    if model is None:
        check_voters(table, options)
    if options.stream or (source.n_cells > MOST_CELLS and not options.scores):
        return Blocks(table)
    rows = table.whole()
    if not options.voters:
        check_no_repeats(rows, source.name)
    if not rows.votes.notna().any(axis=None):
        raise no_vote(source.name)
    return rows


def _write_labels(
    model: BaseLabelModel, table: Rows | Blocks, options: Options, files: Staged, name: str
) -> Counter[Hashable]:
    """Write the labels; how many rows have each of them, None being no label."""
    counts: Counter[Hashable] = Counter()
    file = None if options.output == STANDARD else files.part(options.output)
    with open_table(file, options.output, raw=options.raw) as write:
        for rows in table.parts():
            labels = labels_of(model, rows, name)
            write(labels)
            shares = labels[LABEL].value_counts()
            counts.update(dict(shares))
            counts[None] += len(labels) - int(shares.sum())
    return counts


def _tell_findings(
    model: BaseLabelModel, table: Rows | Blocks, options: Options, counts: Counter[Hashable]
) -> None:
    """Print what there is to say of the fit and of the labels; write the page where one is asked for."""
    rows, n_rows = table.looked_at, sum(counts.values())
    if options.report is None and rows.votes.shape[1] > MOST_REPORTED:
        report = model.report_
    else:
        report = model.report(rows.votes, rows.gold)
    if options.report is not None:
        with staged() as files:
            report.to_html(files.part(options.report))
    told = [*findings(model, rows, report, table.scores, options.level)]
    if rows.votes.shape[0] < n_rows:
        told.append(f"All this is said of {rows.votes.shape[0]:,} rows, evenly spaced.")
    parts = [f"{n:,} {label}" for label, n in counts.most_common(MOST_CLASSES) if label is not None]
    parts += [f"{counts[None]:,} without a label"] if counts[None] else []
    where = "standard output" if options.output == STANDARD else options.output
    told.append(f"{n_rows:,} rows written to {where}: {', '.join(parts)}")
    tell("\n\n".join(told), aside=options.output == STANDARD)


# Endings ------------------------------------------------------------------------------------------


class EndedError(BaseException):
    """Somebody told the process to end; files are tidied on the way out."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make of signals an exception, so that nothing is left half done."""
    # What is ignored, as SIGHUP is under nohup, stays so.
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, _end) for number in heeded}
    except ValueError:
        # Only the main thread of a program receives signals.
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    raise EndedError(signal.Signals(number).name)
