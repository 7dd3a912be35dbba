"""Data sets of the WRENCH benchmark, read from disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .._utils import quoted


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
    read = [_wrench_record(path, key, record) for key, record in records.items()]
    y, rows, X = zip(*read, strict=True)
    for key, votes in zip(records, rows, strict=True):
        if len(votes) != len(rows[0]):
            raise ValueError(
                f"{path}: record {quoted(key)} has {len(votes)} weak_labels and the first record {len(rows[0])}; every "
                "record needs one for each LF (-1 to abstain)."
            )
        for lf, vote in enumerate(votes):
            where = f"{path}: record {quoted(key)}, LF {lf}: the vote"
            _check_class_number(vote, where, len(target_names))
    for key, label in zip(records, y, strict=True):
        where = f"{path}: record {quoted(key)}: the label"
        _check_class_number(label, where, len(target_names))
    return Bunch(
        L=np.array(rows, dtype=np.int64).reshape(len(rows), len(rows[0])),
        y=np.array(y, dtype=np.int64),
        X=pd.DataFrame(list(X), index=pd.Index(list(records), name="id")),
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
    fields = record if isinstance(record, dict) else {}
    missing = [field for field in ("weak_labels", "data") if field not in fields]
    if missing:
        is_object = isinstance(record, dict)
        fault = f"lacks {quoted(missing[0])}" if is_object else f"is a {type(record).__name__}"
        raise ValueError(
            f'{path}: record {quoted(key)} {fault}; expected an object with "label", "weak_labels" and "data".'
        )
    label, votes, data = fields.get("label"), fields["weak_labels"], fields["data"]
    if isinstance(label, list) or (votes and isinstance(votes[0], list)):
        raise ValueError(
            f"{path}: record {quoted(key)} has a label for every token. Sequence tagging sets are not supported: a "
            "label model takes one vote per LF and row. Make every token a row of its own."
        )
    data = data if isinstance(data, dict) else {"data": data}
    return -1 if label is None else label, votes, data


def _check_class_number(value: object, where: str, n_classes: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not -1 <= value < n_classes:
        raise ValueError(
            f"{where} {quoted(value)} is neither -1 nor a class number 0 to {n_classes - 1} of label.json."
        )
