"""What the columns of a raw table are taken for."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
import scipy.sparse as sp

from sklearn_labelmodel import ColumnLF, LabelingFunctions, LabelModelClassifier
from sklearn_labelmodel.inspection import check_votes

N = 40


def judged(**columns):
    """Two judges' verdicts, and more columns."""
    rng = np.random.default_rng(0)
    verdicts = {name: rng.choice(["yes", "no"], size=N) for name in ("judge_a", "judge_b")}
    return pd.DataFrame(verdicts | columns)


def taken_for(values, name="other"):
    return check_votes(judged(**{name: values})).loc[name, "taken_for"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["yes", "no"] * 20, "votes"),
        (["yes", None] * 20, "votes"),
        ([f"user {i}" for i in range(N)], "identifier"),
        (range(N), "identifier"),
        ([f"a longer text with the number {i}" for i in range(N)], "text"),
        (np.linspace(0, 1, N), "score"),
        ([0.5, 1.0] * 20, "score"),
        ([1, 2, 3, 4] * 10, "score"),
        (np.arange(N)[::-1] * 7, "score"),
        ([True, False] * 20, "boolean"),
        ([None] * N, "empty"),
        ([np.nan] * N, "empty"),
        ([["a", "b"], []] * 20, "sets"),
        ([{"a"}, None] * 20, "sets"),
        ([datetime.date(2024, 1, 1)] * N, "date"),
        (pd.date_range("2024-01-01", periods=N), "date"),
        ([object()] * N, "other"),
        (["yes", 1] * 20, "votes"),
        ([f"{i % 21}%" for i in range(N)], "score"),
        ([f"{i % 20}%" for i in range(N)], "votes"),
        ([f"{i}%" for i in range(N - 1)] + ["none"], "identifier"),
    ],
    ids=lambda case: case if isinstance(case, str) else type(case[0]).__name__,
)
def test_what_a_column_is_taken_for(values, kind):
    assert taken_for(list(values)) == kind


@pytest.mark.parametrize("name", ["gold", "label", "y", "true_label", "Ground_Truth"])
def test_votes_with_the_name_of_labels_may_be_gold(name):
    assert taken_for(["yes", None, "no", None] * 10, name) == "gold?"
    assert taken_for(["yes", None, "no", None] * 10, f"{name}er") == "votes"


def test_whole_numbers_alone_are_votes():
    votes = pd.DataFrame({"a": [0, 1, 2, 0] * 10, "b": [0, 1, 1, 0] * 10})
    assert check_votes(votes)["taken_for"].tolist() == ["votes", "votes"]


def test_numbers_that_are_other_columns_texts_are_votes():
    votes = pd.DataFrame({"a": [0, 1, 1, 0] * 10, "b": ["0", "1", "1.", "0"] * 10})
    assert check_votes(votes)["taken_for"].tolist() == ["votes", "votes"]


@pytest.mark.parametrize("values", [[True, False], ["True", "FALSE"], ["false", None]])
def test_booleans_are_votes_of_their_own_only_where_nobody_shares_them(values):
    beside = "true or false, beside votes that are other words"
    assert check_votes(judged(flag=values * 20)).loc["flag", "why"] == beside
    alike = pd.DataFrame({"a": ["true", "false"] * 20, "flag": values * 20})
    assert check_votes(alike).loc["flag", "why"] != beside


@pytest.mark.parametrize(("n_distinct", "kind"), [(20, "votes"), (21, "identifier")])
def test_more_than_twenty_texts_of_its_own_are_no_votes(n_distinct, kind):
    assert taken_for([f"c{i % n_distinct}" for i in range(N)]) == kind


@pytest.mark.parametrize(("n_distinct", "kind"), [(20, "votes"), (21, "score")])
def test_more_than_twenty_whole_numbers_are_a_score(n_distinct, kind):
    values = np.arange(N) % n_distinct
    assert check_votes(pd.DataFrame({"a": values}))["taken_for"].tolist() == [kind]


@pytest.mark.parametrize(("n_shared", "kind"), [(15, "votes"), (14, "identifier")])
def test_many_classes_are_votes_where_half_of_them_are_shared(n_shared, kind):
    own = [f"c{i}" for i in range(30)] + ["c0"] * 10
    other = [f"c{i % n_shared}" for i in range(N)]
    assert check_votes(pd.DataFrame({"a": own, "b": other})).loc["a", "taken_for"] == kind


def test_texts_are_no_votes_though_another_column_repeats_them():
    texts = [f"a longer text with the number {i}" for i in range(N)]
    found = check_votes(judged(text=texts, copy=texts))
    assert found.loc[["text", "copy"], "taken_for"].tolist() == ["text", "text"]


def test_few_rows_that_all_differ_are_votes_where_others_share_them():
    votes = pd.DataFrame(
        {"a": ["cat", "dog", "bird"], "b": ["bird", "cat", "dog"], "c": ["x", "y", "z"]}
    )
    assert check_votes(votes)["taken_for"].tolist() == ["votes", "votes", "identifier"]


@pytest.mark.parametrize("name", ["id", "user_id", "Unnamed: 0", "uuid"])
def test_lone_numbers_named_as_identifiers_are_none_else(name):
    numbers = np.random.default_rng(1).permutation(1000)[:N]
    assert taken_for(numbers, name) == "identifier"
    assert taken_for(numbers, f"{name}ea") == "score"


def test_every_column_is_listed_once_in_order():
    frame = judged(text=[f"some words of text {i}" for i in range(N)], other=[1.5] * N)
    frame.columns = ["judge_a", ("a", 1), "text", "text"]
    assert check_votes(frame).index.tolist() == frame.columns.tolist()


@pytest.mark.parametrize(
    "convert", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame.convert_dtypes()]
)
def test_every_container_says_the_same(convert):
    frame = judged(score=np.linspace(0, 1, N), flag=[True, None] * 20, id=range(N), none=[None] * N)
    pd.testing.assert_frame_equal(check_votes(convert(frame)), check_votes(frame))


def test_an_array_has_columns_by_number():
    assert check_votes([[0, 0.5], [1, 0.25], [0, 1.5]])["taken_for"].to_dict() == {
        0: "votes",
        1: "score",
    }


def test_what_is_said_of_votes_makes_them_votes():
    """The labeling functions that it names read the columns without a warning."""
    frame = judged()
    frame.loc[::5, "judge_a"] = "unknown"
    frame.loc[::3, "judge_b"] = "**Yes.**"
    found = check_votes(frame)
    assert found["use"].tolist() == [
        "ColumnLF('judge_a', abstain=['unknown'], normalize=True)",
        "ColumnLF('judge_b', normalize=True)",
    ]
    lfs = [eval(use, {"ColumnLF": ColumnLF}) for use in found["use"]]
    L = LabelingFunctions(lfs).set_output(transform="pandas").transform(frame)
    assert {vote for vote in L.to_numpy().ravel() if isinstance(vote, str)} == {"yes", "no"}


def test_clean_votes_need_no_more():
    assert check_votes(judged())["use"].tolist() == ["ColumnLF('judge_a')", "ColumnLF('judge_b')"]


def test_spellings_of_another_column_count():
    frame = judged(judge_c=["Yes", "No"] * 20)
    assert check_votes(frame).loc["judge_a", "use"] == "ColumnLF('judge_a', normalize=True)"


def test_the_index_remedy_leads_to_a_matrix_that_fits():
    frame = judged(judge_c=["yes", "no"] * 20, id=range(N))
    found = check_votes(frame)
    assert found.loc["id", "use"] == "leave it out; or frame.set_index('id')"
    LabelModelClassifier(n_epochs=1).fit(frame.set_index("id"))


@pytest.mark.parametrize(("n_tasks", "is_long"), [(N // 2, True), (N, False)])
def test_a_table_with_a_row_for_each_vote_is_told(n_tasks, is_long):
    table = pd.DataFrame(
        {
            "task_id": [f"t{i % n_tasks}" for i in range(N)],
            "worker": [f"w{i % 7}" for i in range(N)],
            "answer": ["cat", "dog"] * 20,
        }
    )
    uses = set(check_votes(table)["use"])
    expected = "votes_from_long(frame, row='task_id', voter='worker', label='answer')"
    assert (uses == {expected}) == is_long


@pytest.mark.parametrize("frame", [pd.DataFrame({"a": []}), pd.DataFrame(index=[0, 1])])
def test_a_table_without_cells_is_an_error(frame):
    with pytest.raises(ValueError, match="no column or no row"):
        check_votes(frame)


@pytest.mark.parametrize(("written", "point"), [("{}%", "."), (" {} % ", "."), ("{}%", ",")])
def test_the_remedy_makes_numbers_of_percentages(written, point):
    numbers = np.linspace(0, 100, N).round(1)
    texts = [written.format(str(number).replace(".", point)) for number in numbers]
    frame = judged(sure=texts)
    remedy = check_votes(frame).loc["sure", "use"].split(": ")[1]
    assert eval(remedy, {"frame": frame}).tolist() == numbers.tolist()


@pytest.mark.parametrize("values", [[np.inf, 1.0], [-np.inf, 1.0], [np.inf, "yes"]])
def test_infinity_is_no_vote_and_its_remedy_makes_votes(values):
    frame = pd.DataFrame({"a": values * 20, "b": ["yes", "1"] * 20})
    found = check_votes(frame).loc["a"]
    assert (found["taken_for"], found["why"][:8]) == ("other", "infinity")
    frame["a"] = eval(found["use"].split(": ")[1], {"frame": frame})
    assert check_votes(frame)["taken_for"].tolist() == ["votes", "votes"]


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_a_sparse_matrix_holds_what_it_stores(kind):
    cells = np.tile([[1, 0.5, 0, 0], [2, 0.25, 3, 0]], (20, 1))
    expected = check_votes(np.where(cells == 0, np.nan, cells))
    expected["use"] = ["as it is", "scores=[1]", "as it is", "leave it out"]
    pd.testing.assert_frame_equal(check_votes(kind(cells)), expected)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("votes.csv", "is a str, whose rows are not in memory; pass what is at this path"),
        (Path("votes.csv"), "is a .*Path, whose rows are not in memory; pass what is at"),
        (pl.LazyFrame({"a": [1]}), r"is a LazyFrame, .*; pass L.collect\(\)"),
        (pa.table({"a": [1]}).to_reader(), r"not in memory; pass L.read_all\(\)"),
        (pyarrow.dataset.dataset(pa.table({"a": [1]})), "not in memory; pass some of them"),
        (LabelModelClassifier(), "frame is a LabelModelClassifier; pass a table"),
        (3, "frame is an int; pass a table"),
    ],
    ids=lambda case: type(case).__name__,
)
def test_what_is_no_table_in_memory_is_told(frame, message):
    with pytest.raises(TypeError, match=message):
        check_votes(frame)
