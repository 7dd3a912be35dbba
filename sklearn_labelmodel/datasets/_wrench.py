"""Data sets of the WRENCH benchmark, read from disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from sklearn.utils import Bunch

from .._utils import quoted

if TYPE_CHECKING:
    pass


def load_wrench(folder: str | Path, split: str = "train") -> Bunch:
    """Read one split of a data set of the WRENCH benchmark from its folder on disk.

    Parameters
    ----------
    folder : str or path
        Such as "datasets/youtube", with label.json and a JSON file for each split.
    split : {"train", "valid", "test"}, default="train"
        Name of the file to read, without ".json".

    Returns
    -------
    data : Bunch
        - L : ndarray of shape (n_samples, n_lfs), dtype int64. Votes 0 to n_classes - 1; -1 abstains.
        - y : ndarray of shape (n_samples,), dtype int64. Gold labels; -1 where there is none.
        - X : DataFrame of n_samples rows, indexed by the records' ids, one column for each field of their "data" (such
          as "text").
        - target_names : list of str. Name of each class.

    Raises
    ------
    FileNotFoundError
        No such folder, or no such file in it.
    ValueError
        A file that is no WRENCH classification file; the message names file, record and LF.

    References
    ----------
    J. Zhang, Y. Yu, Y. Li, Y. Wang, Y. Yang, M. Yang, A. Ratner. WRENCH: A Comprehensive Benchmark for Weak
    Supervision. NeurIPS 2021, Datasets and Benchmarks.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from sklearn_labelmodel.datasets import load_wrench
    >>> record = {"label": 1, "weak_labels": [1, -1, 0], "data": {"text": "subscribe!"}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, content in {"label": {"0": "ham", "1": "spam"}, "train": {"0": record}}.items():
    ...         _ = pathlib.Path(folder, f"{name}.json").write_text(json.dumps(content))
    ...     data = load_wrench(folder)
    >>> data.L
    array([[ 1, -1,  0]])
    >>> data.target_names
    ['ham', 'spam']
    """
    import pandas as pd

    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is no folder. Give the folder of one WRENCH data set, with label.json and {split}.json."
        )
    target_names = _wrench_classes(folder / "label.json")
    path = folder / f"{split}.json"
    records = _read_json(path)
    if not isinstance(records, dict) or not records:
        raise ValueError(
            f'{path}: expected a JSON object {{"id": {{"label", "weak_labels", "data"}}}}.'
        )
    rows = [_wrench_record(path, key, record) for key, record in records.items()]
    n_lfs = len(rows[0][1])
    for key, (_, votes, _) in zip(records, rows, strict=True):
        if len(votes) != n_lfs:
            raise ValueError(
                f"{path}: record {quoted(key)} has {len(votes)} weak_labels and the first record {n_lfs}; every record "
                "needs one for each LF (-1 to abstain)."
            )
        _check_wrench_votes(path, key, votes, len(target_names))
    y = [
        _wrench_label(path, key, row[0], len(target_names))
        for key, row in zip(records, rows, strict=True)
    ]
    return Bunch(
        L=np.array([row[1] for row in rows], dtype=np.int64).reshape(len(rows), n_lfs),
        y=np.array(y, dtype=np.int64),
        X=pd.DataFrame([row[2] for row in rows], index=pd.Index(list(records), name="id")),
        target_names=target_names,
    )


def _read_json(path: Path) -> Any:
    if not path.is_file():
        there = sorted(file.name for file in path.parent.glob("*.json"))
        raise FileNotFoundError(
            f"{path} is no file; the folder's JSON files are: {', '.join(there) or 'none'}."
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: no valid JSON ({error}).") from None


def _wrench_classes(path: Path) -> list[str]:
    names = _read_json(path)
    if not isinstance(names, dict) or set(names) != {str(i) for i in range(len(names))}:
        raise ValueError(
            f'{path}: expected a JSON object from class numbers to names, such as {{"0": "ham", "1": "spam"}}.'
        )
    return [str(names[str(i)]) for i in range(len(names))]


def _wrench_record(path: Path, key: str, record: object) -> tuple[Any, list[Any], dict[str, Any]]:
    missing = (
        [field for field in ("weak_labels", "data") if field not in record]
        if isinstance(record, dict)
        else []
    )
    if not isinstance(record, dict) or missing:
        fault = f"lacks {quoted(missing[0])}" if missing else f"is a {type(record).__name__}"
        raise ValueError(
            f'{path}: record {quoted(key)} {fault}; expected an object with "label", "weak_labels" and "data".'
        )
    label, votes, data = record.get("label"), record["weak_labels"], record["data"]
    if isinstance(label, list) or (votes and isinstance(votes[0], list)):
        raise ValueError(
            f"{path}: record {quoted(key)} has a label for every token. Sequence tagging sets are not supported: a "
            "label model takes one vote per LF and row. Make every token a row of its own."
        )
    return label, votes, data if isinstance(data, dict) else {"data": data}


def _is_class_number(value: object, n_classes: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and -1 <= value < n_classes


def _check_wrench_votes(path: Path, key: str, votes: list[object], n_classes: int) -> None:
    for lf, vote in enumerate(votes):
        if not _is_class_number(vote, n_classes):
            raise ValueError(
                f"{path}: record {quoted(key)}, LF {lf}: the vote {quoted(vote)} is neither -1 nor a class number 0 to "
                f"{n_classes - 1} of label.json."
            )


def _wrench_label(path: Path, key: str, label: object, n_classes: int) -> int:
    if label is None:
        return -1
    if not _is_class_number(label, n_classes):
        raise ValueError(
            f"{path}: record {quoted(key)}: the label {quoted(label)} is neither -1 nor a class number 0 to "
            f"{n_classes - 1} of label.json."
        )
    return int(label)
