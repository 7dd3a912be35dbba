"""The console command `labelmodel`: a file of votes in, a file of labels out."""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

DONE, FAILED, BAD_INPUT = 0, 1, 2
LABEL, PROBABILITY = "label", "probability_"
SUFFIXES = (".csv", ".parquet")
DESCRIPTION = """\
Learn from the votes of labeling functions, people or models how far to trust each, and label every row by them.

VOTES has a header, one row for each record and one column for each voter; numbers or strings are votes, an empty cell
is an abstain. The summary of the voters is printed. OUTPUT gets the --id columns, the column "label" (empty where
no one votes or where classes are tied), and a column "probability_CLASS" for every class.
"""
EPILOG = """\
exit status: 0 done; 1 the label model could not be fitted, or OUTPUT not be written; 2 wrong usage or bad input.
"""


class BadInputError(Exception):
    """What the user gave cannot be used; the message says where and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Of the command line; None takes those of the process.

    Returns
    -------
    status : int
        0 done, 1 failed to fit or to write, 2 bad input. (Wrong usage leaves through SystemExit, with 2 as well.)
    """
    options = _parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning  # type: ignore[assignment]
        try:
            _run(options)
        except BadInputError as error:
            return _complain(error, BAD_INPUT)
        except (ValueError, TypeError, FloatingPointError, OSError) as error:
            return _complain(error, FAILED)
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
        default="-1",
        help='what means "no vote", besides empty cells (default: -1)',
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
    kept = [name for name in table.columns if name not in (options.gold, *options.id)]
    votes = table[kept].apply(_read_cells, abstain=options.abstain)
    for name in options.scores:
        votes[name] = _read_scores(table[name], options.votes)
    gold = None if options.gold is None else _read_cells(table[options.gold], options.abstain)
    balance = _read_balance(options.class_balance) if options.class_balance else None
    labels = _label(options.votes, votes, gold, balance, options.scores)
    _write_table(table[options.id].join(labels), options.output)
    sys.stdout.write(f"\n{len(labels)} rows written to {options.output}\n")


def _complain(error: Exception, status: int) -> int:
    sys.stderr.write(f"labelmodel: error: {error}\n")
    return status


def _show_warning(message: Any, *_: Any) -> None:
    sys.stderr.write(f"labelmodel: warning: {message}\n")


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
            return pd.read_parquet(path).reset_index(drop=True)
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


def _check_cells_per_row(path: Path) -> None:
    """Short rows: pandas fills them up, so that a cell left out would be an abstain of another LF."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.reader(lines)
        header = next(reader, [])
        for row in reader:
            if row and len(row) != len(header):
                raise BadInputError(
                    f"{path}: line {reader.line_num} has {len(row)} cells and the header {len(header)}. Leave a cell "
                    "empty where there is no vote, and quote cells that contain a comma."
                )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _read_cells(column: pd.Series, abstain: str) -> pd.Series:
    """Votes or labels, missing where there is none: whole numbers where all of a column are, else as they are."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    cells: list[Any] = [
        cell.strip() if isinstance(cell, str) else cell for cell in distinct.tolist()
    ]
    silent = [_is_abstain(cell, abstain) for cell in cells]
    numbers = [None if skip else _number(cell) for cell, skip in zip(cells, silent, strict=True)]
    if all(skip or number is not None for number, skip in zip(numbers, silent, strict=True)):
        cells = numbers
    votes = [None if skip else cell for cell, skip in zip(cells, silent, strict=True)]
    whole = all(skip or type(vote) is int for vote, skip in zip(votes, silent, strict=True))
    # The last entry serves the code -1, a missing cell.
    table = pd.Series([*votes, None], dtype="Int64" if whole else object)
    return table.take(codes).set_axis(column.index)


def _read_scores(column: pd.Series, path: Path) -> pd.Series:
    """Numbers, missing where a cell is empty."""
    import pandas as pd

    cells = column.map(lambda cell: (cell.strip() or None) if isinstance(cell, str) else cell)
    scores = pd.to_numeric(cells, errors="coerce")
    wrong = scores.isna() & cells.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise BadInputError(
            f"{path}: column {column.name!r}, row {row}: {cells[row]!r} is no number, and --scores names the column. "
            "Leave the cell empty where there is no score. (Row 0 is the first after the header.)"
        )
    return scores.astype(float)


def _read_balance(pairs: Sequence[str]) -> dict[Any, float]:
    """Share of each class, from pairs such as "spam=0.1"."""
    import pandas as pd

    split = [pair.rpartition("=") for pair in pairs]
    shares = [_number("0" + share if share.startswith(".") else share) for _, _, share in split]
    for pair, (name, _, _), share in zip(pairs, split, shares, strict=True):
        if not name or share is None:
            raise BadInputError(
                f"--class-balance {pair!r} is no class and its share, such as spam=0.1."
            )
    names = _read_cells(pd.Series([name for name, _, _ in split]), abstain="")
    return dict(
        zip(names.tolist(), [float(share) for share in shares if share is not None], strict=True)
    )


def _is_abstain(cell: Any, abstain: str) -> bool:
    number = _number(cell)
    return cell in ("", abstain) or (number is not None and number == _number(abstain))


def _number(cell: Any) -> int | float | None:
    """The number that a cell is; None for a text that would lose something, such as "01" or "nan"."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return int(cell) if cell == cell // 1 else cell
    if not isinstance(cell, str) or not re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d+)?", cell):
        return None
    return _number(float(cell)) if "." in cell else int(cell)


# The work -----------------------------------------------------------------------------------------


def _label(
    path: Path,
    votes: pd.DataFrame,
    gold: pd.Series | None,
    balance: dict[Any, float] | None,
    scores: list[str],
) -> pd.DataFrame:
    """Fit, print the summary, and return labels and probabilities."""
    import pandas as pd

    from ._models.label_model import LabelModelClassifier
    from ._votes.per_lf import rows_with_vote
    from .inspection._decisions import probs_to_preds
    from .inspection._summary import lf_summary

    others = votes.drop(columns=scores)
    try:
        spoken = votes[scores].notna().any(axis=None) or (
            lf_summary(others, gold, abstain=None)["coverage"].any()
        )
    except (ValueError, TypeError) as error:
        text = str(error).replace("`scores`", "--scores")
        raise BadInputError(f"{path}: {text} (Row 0 is the first after the header.)") from None
    if not (len(others.columns) or balance or gold is not None):
        raise BadInputError(
            f"{path}: scores name no classes. Say which there are by --class-balance (scores speak for the second), by "
            "--gold, or by a column of votes."
        )
    if not spoken:
        raise BadInputError(
            f"{path}: there is no vote; every cell is empty or the --abstain value."
        )
    model = LabelModelClassifier(abstain=None, class_balance=balance, scores=scores or None).fit(
        votes, gold
    )
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
    """Write the whole file or none: under another name first."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    try:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(name, index=False)
        else:
            table.to_csv(name, index=False)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
