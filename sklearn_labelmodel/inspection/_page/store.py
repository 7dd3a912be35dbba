"""A report as JSON, and back; the guide's page on reports has the schema."""

from __future__ import annotations

import json
import math
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._utils import plain, quoted
from .._report.parts import (
    Alpha,
    Check,
    ContestedRow,
    Copy,
    Evidence,
    Finding,
    FitNumbers,
    GoldCheck,
    HeldOut,
    Pair,
    Pairs,
    ReportParts,
)

if TYPE_CHECKING:
    import pandas as pd

SCHEMA, VERSION = "sklearn_labelmodel.fit_report", 1
# What users named: a text, number or boolean as it is, a tuple as {"tuple": [...]}, all else as text.
NAMES = {"lf", "vote", "row", "label", "rival", "first", "second"}
LISTS_OF_NAMES = {"classes", "lfs", "rows"}
# Columns of tables that are no numbers.
KINDS = {"lf": object, "vote": object, "reason": None, "findings": None}


# To JSON ------------------------------------------------------------------------------------------


def stored(report: ReportParts) -> str:
    """The report as JSON."""
    drift = report.drift
    parts = vars(report) | {
        "lfs": report.lfs.reset_index().to_dict("records"),
        "votes": report.votes.to_dict("records"),
        "drift": None if drift is None else drift.reset_index().to_dict("records"),
        "findings": [vars(each) | {"url": each.url} for each in report.findings],
    }
    content = {key: _encoded(key, value) for key, value in parts.items()}
    whole = {"schema": SCHEMA, "version": VERSION, **content}
    return json.dumps(whole, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _encoded(key: str, value: Any) -> Any:
    """What JSON can hold; null for a number that is not known."""
    if key in NAMES:
        return _name(value)
    if is_dataclass(value):
        value = vars(value)
    elif hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {inner: _encoded(inner, each) for inner, each in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        named = key in LISTS_OF_NAMES and not any(isinstance(each, dict) for each in value)
        return [_name(each) if named else _encoded("", each) for each in value]
    value = plain(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _name(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, tuple):
        return {"tuple": [_name(each) for each in value]}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


# From JSON ----------------------------------------------------------------------------------------


def parts_of(text: str) -> dict[str, Any]:
    """The parts of the report that is stored in a text.

    Raises
    ------
    ValueError
        It is no report, or one of a later version.
    """
    data = _checked(text)
    return {
        "findings": tuple(map(_finding, data["findings"])),
        "lfs": _of_lfs(data["lfs"]),
        "model": _model(data["model"]),
        "votes": _frame(data["votes"], ["lf", "vote", "rows"]),
        "checks": tuple(Check(**check) for check in data["checks"]),
        "pairs": data["pairs"] and _pairs(data["pairs"]),
        "contested": tuple(map(_contested, data["contested"])),
        "gold": data["gold"] and _gold(data["gold"]),
        "drift": data["drift"] and _of_lfs(data["drift"]),
        "settings": data["settings"],
    }


def _checked(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_hook=_with_tuples)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is no JSON: {error}. Pass what `to_json` wrote.") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(
            f"This JSON is no fit report: its schema is not {quoted(SCHEMA)}. Pass what `to_json` wrote."
        )
    if data.get("version") != VERSION:
        raise ValueError(
            f"This fit report has version {quoted(data.get('version'))} of the schema, and this release reads version "
            f"{VERSION}. Read it with the release that wrote it: {_release(data)}."
        )
    return data


def _release(data: dict[str, Any]) -> str:
    settings = data.get("settings")
    known = isinstance(settings, dict) and settings.get("sklearn-labelmodel")
    return f"sklearn-labelmodel {known}" if known else "a later one"


def _with_tuples(data: dict[str, Any]) -> Any:
    """A name that was a tuple is one again."""
    held = data.get("tuple")
    return tuple(held) if isinstance(held, list) and len(data) == 1 else data


def _number(value: Any) -> float:
    return math.nan if value is None else value


def _finding(data: dict[str, Any]) -> Finding:
    given = {key: value for key, value in data.items() if key != "url"}
    return Finding(**given | {"rows": tuple(data["rows"])})


def _frame(records: list[dict[str, Any]], names: list[str]) -> pd.DataFrame:
    import pandas as pd

    columns = {
        name: pd.Series([record[name] for record in records], dtype=KINDS.get(name, np.float64))
        for name in names
    }
    return pd.DataFrame(columns)


def _of_lfs(records: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    frame = _frame(records, list(records[0]))
    names = frame.pop("lf").tolist()
    return frame.set_axis(pd.Index(names, name="lf", tupleize_cols=False))


def _model(data: dict[str, Any]) -> FitNumbers:
    arrays = {key: data[key] and np.array(data[key]) for key in ("class_prior", "shares", "labels")}
    given = {
        "classes": np.array(data["classes"]),
        "held_out": data["held_out"] and HeldOut(**data["held_out"]),
        "copies": tuple(Copy(**copy) for copy in data["copies"]),
        "alpha": data["alpha"] and Alpha(**{k: _number(v) for k, v in data["alpha"].items()}),
    }
    return FitNumbers(**data | arrays | given)


def _pairs(data: dict[str, Any]) -> Pairs:
    n = len(data["lfs"])
    table = np.array([list(map(_number, line)) for line in data["table"]], dtype=np.float64)
    return Pairs(
        meeting=data["meeting"],
        lfs=tuple(data["lfs"]),
        table=table.reshape(n, n),
        alike=tuple(Pair(**pair) for pair in data["alike"]),
        at_odds=tuple(Pair(**pair) for pair in data["at_odds"]),
    )


def _contested(data: dict[str, Any]) -> ContestedRow:
    evidence = tuple(Evidence(**each) for each in data["evidence"])
    return ContestedRow(**data | {"evidence": evidence})


def _gold(data: dict[str, Any]) -> GoldCheck:
    confusion = np.array(data["confusion"], dtype=np.int64)
    bins = np.array(data["reliability"], dtype=np.float64)
    return GoldCheck(**data | {"confusion": confusion, "reliability": bins})
