"""Values of other people's classes, and very long ones: messages name the place, and stay short."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sklearn_labelmodel
from sklearn_labelmodel import (
    ColumnLF,
    LabelingFunctions,
    LookupLF,
    MajorityVoteClassifier,
    MultilabelClassifier,
    RegexLF,
    ThresholdLF,
    labeling_function,
    votes_from_long,
)
from sklearn_labelmodel._utils import quoted


class NoHash:
    def __hash__(self):
        raise RuntimeError("raised by __hash__")


class NoEq:
    def __eq__(self, other):
        raise RuntimeError("raised by __eq__")

    def __hash__(self):
        return 1


class NoRepr:
    def __repr__(self):
        raise RuntimeError("raised by __repr__")


strangers = pytest.mark.parametrize(
    "stranger", [NoHash(), NoEq(), NoRepr()], ids=lambda one: type(one).__name__
)


def of_objects(*cells):
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


@pytest.mark.parametrize("container", [list, np.array, pd.DataFrame])
@strangers
def test_a_vote_is_named_by_lf_and_row(stranger, container):
    L = [["a", "a", "b"], ["b", "a", "b"], ["b", stranger, "b"]]
    with pytest.raises(
        TypeError, match=rf"^LF 1, row 2: the vote .* is a {type(stranger).__name__};"
    ):
        MajorityVoteClassifier().fit(container(L))


@strangers
def test_a_label_is_named_by_row(stranger):
    y = of_objects("a", None, stranger)
    with pytest.raises(
        TypeError, match=rf"^y, row 2: the label .* is a {type(stranger).__name__};"
    ):
        MajorityVoteClassifier().fit([["a", "b"]] * 3, y)


@pytest.mark.parametrize("stranger", [NoHash(), NoEq()])
def test_a_marker_is_named(stranger):
    with pytest.raises(
        ValueError, match=r"^abstain holds .*NoHash|NoEq.* does not compare with votes"
    ):
        MajorityVoteClassifier(abstain=["?", stranger]).fit([["a", "b"]] * 3)


@strangers
def test_a_cell_of_sets_is_named_by_lf_and_row(stranger):
    with pytest.raises(ValueError, match=r"^LF 1, row 1: .* is no list or set of labels"):
        MultilabelClassifier().fit([[{"a"}, {"b"}], [{"a"}, stranger]])


OF_COLUMNS = [
    ColumnLF("c"),
    ColumnLF("c", normalize=True),
    RegexLF("x", label=1, column="c"),
    labeling_function(name="returned")(lambda row: row.c),
    labeling_function(name="batch", vectorized=True)(lambda table: table["c"].tolist()),
]


@pytest.mark.parametrize("lf", OF_COLUMNS, ids=lambda lf: lf.get_name())
@strangers
def test_rules_name_the_row_that_they_cannot_read(stranger, lf):
    table = pd.DataFrame({"c": of_objects("x", None, stranger)})
    with pytest.raises(ValueError, match=rf"{lf.get_name()}.*row 2"):
        LabelingFunctions([lf]).transform(table)


@pytest.mark.parametrize("stranger", [NoHash(), NoEq()])
def test_a_look_up_names_the_row(stranger):
    table = pd.DataFrame({"c": of_objects("x", None, stranger)})
    with pytest.raises(ValueError, match=r"looks values up, but row 2 .*such rows: 1"):
        LabelingFunctions([LookupLF("c", {"x": 1})]).transform(table)


def test_values_that_a_rule_looks_up_may_be_missing_in_any_way():
    table = pd.DataFrame({"c": of_objects("x", None, np.nan, pd.NA, pd.NaT, 3)})
    assert LookupLF("c", {"x": 1})(table).tolist() == [1, *[None] * 5]


@strangers
def test_a_comparison_names_the_rule(stranger):
    table = pd.DataFrame({"c": of_objects("x", stranger)})
    with pytest.raises(
        ValueError, match=r"ThresholdLF 'c>a': the column does not compare with 'a'"
    ):
        LabelingFunctions([ThresholdLF("c", ">", "a", label=1)]).transform(table)


@strangers
def test_an_error_that_cannot_be_shown_names_the_rule_and_row(stranger):
    lf = labeling_function(name="raises")(
        lambda record: None if isinstance(record, str) else {}[record]
    )
    with pytest.raises(ValueError, match=r"^labeling function 'raises' raised .* at row 1"):
        LabelingFunctions([lf]).transform(["", stranger])


@strangers
def test_a_long_table_names_the_row(stranger):
    table = pd.DataFrame(
        {"item": [0, 0, 1], "who": list("uvu"), "said": of_objects("a", "b", stranger)}
    )
    with pytest.raises((ValueError, TypeError), match=r"row 2"):
        votes_from_long(table, row="item", voter="who", label="said")


# Long values --------------------------------------------------------------------------------------

LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a" * 78, "'" + "a" * 78 + "'"),
        ("a" * 79, "'" + "a" * 76 + "..."),
        (list(range(1000)), repr(list(range(1000)))[:77] + "..."),
        (np.float64(0.1), "0.1"),
        (np.str_("a"), "'a'"),
        (NoRepr(), "(one that cannot be shown, of type NoRepr)"),
    ],
    ids=["80 characters", "81 characters", "list", "NumPy number", "NumPy string", "none"],
)
def test_values_are_quoted_as_users_wrote_them(value, shown):
    assert quoted(value) == shown
    assert len(shown) <= 80


LONG_VALUES = {
    "vote": lambda: MajorityVoteClassifier(classes=["a", "b"]).fit([["a", LONG]] * 3),
    "column": lambda: MajorityVoteClassifier(classes=["a", "b"]).fit(pd.DataFrame({LONG: ["c"], "a": ["a"]})),
    "label": lambda: MajorityVoteClassifier(classes=["a", "b"]).fit([["a", "b"]] * 3, [LONG] * 3),
    "class": lambda: MajorityVoteClassifier(classes=[LONG, LONG]).fit([["a", "b"]] * 3),
    "bytes": lambda: MajorityVoteClassifier().fit([["a", {LONG.encode(): 1}]] * 3),
    "returned": lambda: LabelingFunctions([labeling_function(name="long")(lambda text: [text])]).transform([LONG]),
    "raised": lambda: LabelingFunctions([labeling_function(name="long")(lambda text: {}[text])]).transform([LONG]),
    "pattern": lambda: RegexLF("(" + LONG, label=1)(["a"]),
    "mapping": lambda: LookupLF("c", [LONG])(pd.DataFrame({"c": ["x"]})),
    "sets": lambda: MultilabelClassifier().fit([[{"a"}, LONG]] * 3),
}  # fmt: skip


@pytest.mark.parametrize("work", LONG_VALUES.values(), ids=LONG_VALUES)
def test_messages_quote_the_beginning_of_long_values(work):
    with pytest.raises((ValueError, TypeError)) as raised:
        work()
    assert "xxxx..." in str(raised.value) or "[...]" in str(raised.value)
    assert str(raised.value).count("x") < 400


def shown_whole(path):
    """Lines whose text shows a value by its repr, as long as that may be; `__repr__` itself does."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("__"):
            for node in ast.walk(function):
                if isinstance(node, ast.FormattedValue) and node.conversion == ord("r"):
                    yield f"{path}:{node.lineno}"


def test_messages_show_values_by_quoted():
    files = Path(sklearn_labelmodel.__file__).parent.rglob("*.py")
    ours = [path for path in files if "_utils" not in path.parts]
    assert [line for path in ours for line in shown_whole(path)] == []
