"""The console command `labelmodel`: a file of votes in, a file of labels out."""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .words import in_options

if TYPE_CHECKING:
    import pandas as pd
from .cells import _read_balance, _read_cells, _read_classes, _read_scores
from .words import BadInputError

DONE, FAILED, BAD_INPUT = 0, 1, 2
LABEL, PROBABILITY = "label", "probability_"
SUFFIXES = (".csv", ".parquet")
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# A table with a row for each vote has, besides the item, a voter and a vote.
FEW_COLUMNS = 2
DESCRIPTION = """\
Learn from the votes of labeling functions, people or models how far to trust each, and label every row by them.

VOTES has a header, one row for each record and one column for each voter; numbers or strings are votes, an empty cell
is an abstain. The summary of the voters is printed. OUTPUT gets the --id columns, the column "label" (empty where
no one votes or where classes are tied), and a column "probability_CLASS" for every class.
"""
EPILOG = """\
exit status: 0 done; 1 training failed, or OUTPUT could not be written; 2 wrong usage or bad input.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Of the command line; None takes those of the process.

    Returns
    -------
    status : int
        0 done, 1 failed to train or to write, 2 bad input. (Wrong usage leaves through SystemExit, with 2 as well.)
    """
    options = _parser().parse_args(arguments)
    options.abstain = options.abstain or ["-1"]
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning  # type: ignore[assignment]
        try:
            _run(options)
        except BadInputError as error:
            return _complain(error, BAD_INPUT)
        except (ArithmeticError, ValueError, TypeError, OSError) as error:
            return _complain(in_options(str(error)), FAILED)
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="labelmodel",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("votes", metavar="VOTES", type=Path, help="CSV or Parquet file, by suffix")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="CSV or Parquet file, by suffix"
    )
    parser.add_argument(
        "--gold", metavar="COLUMN", help="column of gold labels, empty where there is none"
    )
    parser.add_argument(
        "--abstain",
        metavar="VALUE",
        action="append",
        help='what means "no vote", besides empty cells (default: -1); may be given several times',
    )
    parser.add_argument(
        "--classes",
        metavar="CLASS",
        nargs="+",
        action="extend",
        help="the classes, in the order in which they are written (default: all that is voted for)",
    )
    parser.add_argument(
        "--class-balance",
        metavar="CLASS=SHARE",
        nargs="+",
        action="extend",
        default=[],
        help="how frequent each class is, if you know it: spam=0.1 ham=0.9",
    )
    parser.add_argument(
        "--id",
        metavar="COLUMN",
        nargs="+",
        action="extend",
        default=[],
        help="columns that are no votes and are copied to OUTPUT",
    )
    parser.add_argument(
        "--scores",
        metavar="COLUMN",
        nargs="+",
        action="extend",
        default=[],
        help="columns of numbers that speak for the second of two classes the more the larger they are, such as "
        "ratings; name the classes by votes, --gold or --class-balance",
    )
    parser.add_argument("--force", action="store_true", help="overwrite OUTPUT if it exists")
    return parser


def _run(options: argparse.Namespace) -> None:
    _check_paths(options)
    table = _read_table(options.votes)
    _check_columns(table, options)
    taken = (options.gold, *options.id, *table.attrs.get("index", ()))
    kept = [name for name in table.columns if name not in taken]
    _check_no_long_table(table, kept, options)
    votes = table[kept].apply(_read_cells, abstain=options.abstain)
    for name in options.scores:
        votes[name] = _read_scores(table[name], options.votes)
    gold = None if options.gold is None else _read_cells(table[options.gold], options.abstain)
    known = {
        "scores": options.scores or None,
        "class_balance": _read_balance(options.class_balance) if options.class_balance else None,
        "classes": _read_classes(options.classes) if options.classes else None,
    }
    labels = _label(options.votes, votes, gold, known)
    _write_table(table[options.id].join(labels), options.output)
    sys.stdout.write(f"\n{len(labels)} rows written to {options.output}\n")


def _complain(error: object, status: int) -> int:
    sys.stderr.write(f"labelmodel: error: {error}\n")
    return status


def _show_warning(message: Any, *_: Any) -> None:
    sys.stderr.write(f"labelmodel: warning: {in_options(str(message))}\n")


# Checks -------------------------------------------------------------------------------------------


def _check_paths(options: argparse.Namespace) -> None:
    for path in (options.votes, options.output):
        if path.suffix.lower() not in SUFFIXES:
            raise BadInputError(
                f"{path}: the name must end in {' or '.join(SUFFIXES)}, which says how to read or write it."
            )
    if not options.votes.is_file():
        raise BadInputError(f"{options.votes}: no such file.")
    if not options.output.parent.is_dir():
        raise BadInputError(f"{options.output}: the folder {options.output.parent} does not exist.")
    if options.output.exists() and options.output.samefile(options.votes):
        raise BadInputError(
            f"{options.output} is the file of votes itself; choose another name for the output."
        )
    if options.output.exists() and not options.force:
        raise BadInputError(
            f"{options.output} exists; pass --force to overwrite it, or choose another name."
        )


def _check_no_long_table(
    table: pd.DataFrame, kept: Sequence[str], options: argparse.Namespace
) -> None:
    """A row for each vote, with its item and its voter, is no table of a row for each item."""
    repeated = [name for name in options.id if table[name].duplicated().any()]
    if len(kept) <= FEW_COLUMNS and (repeated or (len(kept) == 1 and len(options.id) > 1)):
        fault = (
            f"--id {repeated[0]} names rows more than once" if repeated else "there is one voter"
        )
        raise BadInputError(
            f"{options.votes}: {fault}, and the columns of votes are {', '.join(kept)}. If a row holds one vote with "
            "its item and its voter, pivot the table so that a row is an item and each voter has a column."
        )


def _check_columns(table: pd.DataFrame, options: argparse.Namespace) -> None:
    there = [str(name) for name in table.columns]
    repeated = [name for name in there if there.count(name) > 1]
    if repeated:
        raise BadInputError(
            f"{options.votes}: two columns are called {repeated[0]!r}; every voter needs a name of its own."
        )
    named = (("--gold", [options.gold]), ("--id", options.id), ("--scores", options.scores))
    for option, names in named:
        for name in names:
            if name is not None and name not in there:
                raise BadInputError(
                    f"{options.votes}: {option} names {name!r}; the columns are {', '.join(there)}."
                )
    _check_one_use(options)
    for name in options.id:
        if name == LABEL or name.startswith(PROBABILITY):
            raise BadInputError(
                f"--id {name!r} is also the name of a column of results; rename it in {options.votes}."
            )
    if set(there) <= {options.gold, *options.id}:
        raise BadInputError(f"{options.votes}: no column is left for the votes.")
    if not len(table):
        raise BadInputError(f"{options.votes}: there is a header, but no row.")


def _check_one_use(options: argparse.Namespace) -> None:
    """Raise a BadInputError where one column is given by two options."""
    uses = {"--gold": [options.gold], "--id": options.id, "--scores": options.scores}
    for one, other in combinations(uses, 2):
        twice = [name for name in uses[one] if name in uses[other]]
        if twice:
            raise BadInputError(
                f"{twice[0]!r} is given both as {one} and as {other}; it can be one of them."
            )


# Reading ------------------------------------------------------------------------------------------


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            return _read_parquet(path)
        _check_cells_per_row(path)
        # As text, and with the header as a row, so that cells stay as written, and names that are there twice.
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            index_col=False,
            encoding="utf-8-sig",
        )
    except ImportError:
        raise BadInputError(f"{path}: Parquet needs pyarrow; pip install pyarrow.") from None
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path}: cannot be read ({_one_line(error)}).") from None
    table = cells.iloc[1:].reset_index(drop=True)
    table.columns = pd.Index([str(name).strip() for name in cells.iloc[0]])
    return table


def _read_parquet(path: Path) -> pd.DataFrame:
    """The table with types that hold whole numbers beside empty cells; a named index as columns that are no votes."""
    import pandas as pd

    frame = pd.read_parquet(path, dtype_backend="numpy_nullable")
    named = [str(name) for name in frame.index.names if name is not None]
    table = frame.reset_index(drop=not named)
    table.columns = pd.Index([str(name) for name in table.columns])
    table.attrs["index"] = named
    return table


def _check_separator(path: Path, header: Sequence[str]) -> None:
    for sign, name in OTHER_SEPARATORS.items():
        if len(header) == 1 and sign in header[0]:
            raise BadInputError(
                f"{path}: the header is one column, {header[0]!r}. Cells are separated by commas; these are by {name}. "
                "Save the table as CSV with commas."
            )


def _check_cells_per_row(path: Path) -> None:
    """Short rows: pandas fills them up, so that a cell left out would be an abstain of another LF."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.reader(lines)
        header = next(reader, [])
        _check_separator(path, header)
        for row in reader:
            if row and len(row) != len(header):
                raise BadInputError(
                    f"{path}: line {reader.line_num} has {len(row)} cells and the header {len(header)}. Leave a cell "
                    "empty where there is no vote, and quote cells that contain a comma."
                )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


# The work -----------------------------------------------------------------------------------------


def _label(
    path: Path,
    votes: pd.DataFrame,
    gold: pd.Series | None,
    known: dict[str, Any],
) -> pd.DataFrame:
    """Fit, print the summary, and return labels and probabilities."""
    import pandas as pd

    from .._models.label_model import LabelModelClassifier
    from .._votes.per_lf import rows_with_vote
    from ..inspection._decisions import probs_to_preds
    from ..inspection._summary import lf_summary

    scores = list(known["scores"] or ())
    others = votes.drop(columns=scores)
    if not votes.notna().any(axis=None):
        raise BadInputError(
            f"{path}: there is no vote; every cell is empty or the --abstain value."
        )
    if not (len(others.columns) or gold is not None or known["class_balance"] or known["classes"]):
        raise BadInputError(
            f"{path}: scores name no classes. Say which by --classes or --class-balance (scores speak for the "
            "second), by --gold, or by a column of votes."
        )
    try:
        model = LabelModelClassifier(abstain=None, **known).fit(votes, gold)
    except (ValueError, TypeError) as error:
        said = in_options(str(error))
        raise BadInputError(f"{path}: {said} (Row 0 is the first after the header.)") from None
    summary = lf_summary(votes, gold, model).drop(columns="j")
    sys.stdout.write(summary.to_string(float_format=lambda number: f"{number:.3f}") + "\n")
    proba = model.predict_proba(votes)
    label = pd.Series(probs_to_preds(proba, model.classes_, abstain=None), dtype=object)
    label[~rows_with_vote(model._read_votes(votes))] = None
    table = pd.DataFrame(proba, columns=[f"{PROBABILITY}{name}" for name in model.classes_])
    # A nullable dtype: numbers with gaps would become floats.
    table.insert(0, LABEL, label.convert_dtypes())
    return table


# Writing ------------------------------------------------------------------------------------------


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write the whole file or none: under another name first. A file that is there keeps its mode, links their ends."""
    end = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(dir=end.parent, prefix=f".{end.name}.", suffix=path.suffix)
    os.close(handle)
    try:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(name, index=False)
        else:
            table.to_csv(name, index=False)
        _put_in_place(name, end)
    except BaseException:
        os.unlink(name)
        raise


def _put_in_place(written: str, end: Path) -> None:
    """Give a file that is written its name, and what the file of this name had: mode, owner, other names."""
    before = end.stat() if end.exists() else None
    if before is not None and (before.st_nlink > 1 or not _is_mine(before)):
        # To replace it would leave its other names behind, or change its owner.
        shutil.copyfile(written, end)
        os.unlink(written)
        return
    os.chmod(written, 0o666 & ~_umask() if before is None else stat.S_IMODE(before.st_mode))
    os.replace(written, end)


def _is_mine(file: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or (file.st_uid, file.st_gid) == (os.getuid(), os.getgid())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
