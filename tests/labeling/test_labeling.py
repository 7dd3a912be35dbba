"""Labeling functions over raw records: ready-made ones, decorated ones, and their transformer."""

import copy
import pickle
import re
import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.labeling import (
    ABSTAIN,
    ClassifierLF,
    ColumnLF,
    KeywordLF,
    LabelingFunctionError,
    LabelingFunctions,
    LookupLF,
    RegexLF,
    ThresholdLF,
    labeling_function,
)
from sklearn_labelmodel.labeling._records import Records
from sklearn_labelmodel.labeling._regex import required_characters, required_literals


@labeling_function()
def has_link(text):
    return "spam" if "http" in text else ABSTAIN


@labeling_function(name="shouts", vectorized=True)
def is_upper(texts):
    return np.where([text.isupper() for text in texts], "spam", None)


class Rules:
    @labeling_function()
    def is_short(text):  # noqa: N805
        return 1 if len(text) < 3 else None


def undecorated(text):
    return "ham" if "thanks" in text else None


def row_wise(function, name="rule"):
    return labeling_function(name=name)(function)


def vectorized(function, name="rule"):
    return labeling_function(name=name, vectorized=True)(function)


def votes_of(lf, records, **parameters):
    return LabelingFunctions([lf], **parameters).transform(records)[:, 0].tolist()


@pytest.fixture
def comments():
    return pd.DataFrame(
        {
            "text": ["see http://a.b", "thanks", None],
            "n links": [1, 0, 4],
            "age": [1.5, np.nan, 3.0],
        },
        index=["a", "b", "c"],
    )


def test_votes_are_a_column_for_each_function_and_a_row_for_each_record():
    votes = LabelingFunctions([has_link, is_upper]).transform(["http://a", "HELLO", "so"])
    assert votes.tolist() == [["spam", None], [None, "spam"], [None, None]]


def test_abstain_is_none_and_so_a_singleton_everywhere():
    assert pickle.loads(pickle.dumps(ABSTAIN)) is None is copy.deepcopy(ABSTAIN)


def test_snorkels_abstain_of_minus_one_passes_through_as_a_number():
    votes = LabelingFunctions([row_wise(lambda x: 1 if x > 2 else -1)]).transform([1, 3])
    assert votes.dtype == np.int64
    assert votes.tolist() == [[-1], [1]]


@pytest.mark.parametrize("bare", [False, True])
def test_the_decorator_works_with_and_without_parentheses(bare):
    def long(text):
        return 1 if len(text) > 3 else None

    lf = labeling_function(long) if bare else labeling_function()(long)
    assert lf.name == "long"
    assert votes_of(lf, ["four", "two"]) == [1, None]


def test_calling_a_decorated_function_calls_the_function():
    assert has_link("http://a") == "spam"
    assert is_upper(["A", "b"]).tolist() == ["spam", None]


def test_plain_functions_are_row_wise_labeling_functions():
    labeler = LabelingFunctions([undecorated])
    assert labeler.transform(["thanks", "no"]).tolist() == [["ham"], [None]]
    assert labeler.get_feature_names_out().tolist() == ["undecorated"]


def test_callables_with_a_name_such_as_snorkels_keep_it():
    class Named:
        name = "snorkels"

        def __call__(self, text):
            return 1

    assert LabelingFunctions([Named()]).get_feature_names_out().tolist() == ["snorkels"]


# What a row is


@pytest.mark.parametrize("read", [lambda row: row.age, lambda row: row["age"], lambda row: row[2]])
def test_a_row_of_a_frame_gives_a_cell_by_attribute_by_name_and_by_position(read, comments):
    assert votes_of(row_wise(read), comments.iloc[[0, 2]]) == [1.5, 3.0]


def test_a_row_gives_columns_whose_names_are_no_identifiers_by_name():
    frame = pd.DataFrame({"n links": [3], "class": [4], "_x": [5], ("a", "b"): [6], 7: [8]})
    for column in frame.columns:
        assert (
            votes_of(row_wise(lambda row, column=column: row[column]), frame)
            == frame[column].tolist()
        )


@pytest.mark.parametrize("name", ["count", "index", "_x", "class"])
def test_columns_named_like_attributes_of_tuples_or_keywords_are_attributes(name):
    frame = pd.DataFrame({name: [3]})
    assert votes_of(row_wise(lambda row: getattr(row, name)), frame) == [3]


def test_a_row_is_a_tuple():
    frame = pd.DataFrame({"a": [1], "b": [2]})
    rows = Records(frame).rows()
    first, second = rows[0]
    assert (first, second) == (1, 2) == rows[0][0:2]
    assert rows[0]._asdict() == {"a": 1, "b": 2}
    assert repr(rows[0]) == "Row(a=1, b=2)"


def test_rows_survive_pickling_and_copying():
    row = Records(pd.DataFrame({"a b": [1], "c": ["x"]})).rows()[0]
    for other in (pickle.loads(pickle.dumps(row)), copy.deepcopy(row)):
        assert (other["a b"], other.c) == (1, "x")


def test_numbers_of_a_row_are_pythons_own(comments):
    kinds = [type(cell) for cell in Records(comments).rows()[0]]
    assert kinds == [str, int, float]


def test_dates_of_an_array_stay_dates():
    dates = np.array(["2020-01-01"], dtype="datetime64[ns]")
    assert votes_of(row_wise(lambda date: str(date)[:4]), dates) == ["2020"]


def test_columns_of_one_name_are_reached_by_position():
    frame = pd.DataFrame([[1, 2]], columns=["same", "same"])
    assert votes_of(row_wise(lambda row: row[1]), frame) == [2]


@pytest.mark.parametrize("read", [lambda row: row.same, lambda row: row["same"]])
def test_a_name_that_columns_share_is_refused_with_their_positions(read):
    frame = pd.DataFrame([[1, 2]], columns=["same", "same"])
    with pytest.raises(LabelingFunctionError, match="2 columns named 'same'; give the position of"):
        votes_of(row_wise(read), frame)


@pytest.mark.parametrize("read", [lambda row: row.agee, lambda row: row["agee"]])
def test_a_column_that_is_not_there_is_named_with_near_matches(read, comments):
    with pytest.raises(LabelingFunctionError, match=r"no column 'agee'. Did you mean 'age'\?"):
        votes_of(row_wise(read), comments)


@pytest.mark.parametrize(
    "records",
    [
        ["a", "b"],
        ("a", "b"),
        pd.Series(["a", "b"], index=[5, 6]),
        np.array(["a", "b"]),
        pl.Series(["a", "b"]),
        pd.Index(["a", "b"]),
    ],
    ids=lambda records: type(records).__name__,
)
def test_one_dimensional_records_are_their_elements(records):
    assert votes_of(row_wise(lambda text: text if type(text) is str else None), records) == [
        "a",
        "b",
    ]


def test_a_row_of_a_two_dimensional_array_is_an_array():
    assert votes_of(row_wise(lambda row: int(row.sum())), np.arange(6).reshape(3, 2)) == [1, 5, 9]


def test_a_row_of_a_sparse_array_is_sparse():
    records = csr_array([[0, 2], [0, 0]])
    assert votes_of(row_wise(lambda row: row.nnz if row.shape == (1, 2) else None), records) == [
        1,
        0,
    ]


def test_a_row_of_a_polars_frame_is_like_one_of_pandas():
    assert votes_of(
        row_wise(lambda row: row.a or row["b c"]), pl.DataFrame({"a": [1, None], "b c": [3, 4]})
    ) == [1, 4]


def test_a_list_of_dicts_gives_the_dicts():
    assert votes_of(row_wise(lambda record: record["a"]), [{"a": 1}, {"a": 2}]) == [1, 2]


def test_a_frame_without_columns_has_rows():
    assert votes_of(row_wise(lambda row: len(row)), pd.DataFrame(index=[1, 2])) == [0, 0]


def test_a_vectorized_function_gets_the_batch_as_it_was_passed(comments):
    seen = []
    lf = vectorized(lambda X: seen.append(X) or [None] * 3)
    LabelingFunctions([lf]).transform(comments)
    assert seen[0] is comments


@pytest.mark.parametrize(
    ("records", "remedy"),
    [
        ("abc", r"not a str. Pass \[X\]"),
        ({"a": [1]}, r"not a dict. Pass pandas.DataFrame\(X\)"),
        ((text for text in "ab"), r"not a generator. Pass list\(X\)"),
        (pl.LazyFrame({"a": [1]}), r"pass X.collect\(\)"),
        (None, "not a NoneType"),
    ],
)
def test_what_holds_no_records_is_refused_with_a_remedy(records, remedy):
    with pytest.raises(TypeError, match=remedy):
        LabelingFunctions([has_link]).transform(records)


def test_a_single_value_is_refused():
    with pytest.raises(ValueError, match="X is a single value; pass a list of records"):
        LabelingFunctions([has_link]).transform(np.array("abc"))


@pytest.mark.parametrize("records", [[], pd.Series([], dtype=object), np.empty(0)])
def test_no_records_give_no_votes(records):
    assert LabelingFunctions([has_link, RegexLF("a", 1)]).transform(records).shape == (0, 2)


# Types of votes


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([1, 0], np.int64),
        ([1.5, np.nan], np.float64),
        ([True, False], np.bool_),
        ([1, None], object),
        ([1, True], object),
        ([1, 0.5], object),
        (["a", "b"], object),
        (["a", 1], object),
        ([2**70, 1], object),
        ([np.int8(1), np.int8(2)], np.int8),
    ],
)
@pytest.mark.parametrize("kind", [row_wise, vectorized])
def test_votes_keep_their_types_and_are_objects_only_if_they_must(labels, dtype, kind):
    function = (lambda one: labels[one]) if kind is row_wise else (lambda _: labels)
    votes = LabelingFunctions([kind(function)]).transform([0, 1])
    assert votes.dtype == dtype
    if dtype is object:
        assert [type(vote) for vote in votes[:, 0]] == list(map(type, labels))


def test_columns_of_unlike_numbers_keep_their_types():
    votes = LabelingFunctions(
        [vectorized(lambda _: [1, 2], "a"), vectorized(lambda _: [0.5, np.nan], "b")]
    ).transform([0, 1])
    assert votes.tolist() == [[1, 0.5], [2, None]]
    assert [type(vote) for vote in votes[0]] == [int, float]


@pytest.mark.parametrize("marker", [None, np.nan, pd.NA, pd.NaT])
def test_missing_votes_among_strings_become_none(marker):
    assert votes_of(row_wise(lambda text: text or marker), ["a", ""]) == ["a", None]


@pytest.mark.parametrize(
    "votes",
    [
        np.array(["x", None], dtype=object),
        ["x", None],
        ("x", None),
        pd.Series(["x", None]),
        pd.Series(["x", None], dtype="category"),
        pd.array(["x", None], dtype="string"),
        pl.Series(["x", None]),
    ],
    ids=lambda votes: type(votes).__name__,
)
def test_a_vectorized_function_may_return_any_one_dimensional_array(votes):
    assert votes_of(vectorized(lambda _: votes), ["a", "b"]) == ["x", None]


@pytest.mark.parametrize(
    ("votes", "complaint"),
    [
        ([1], "returned 1 votes for 2 rows"),
        (np.ones((2, 1)), r"returned ndarray of shape \(2, 1\), not a one-dimensional array"),
        (None, "returned NoneType, not a one-dimensional array"),
        ("ab", "returned str, not a one-dimensional array"),
        (pd.DataFrame({"a": [1, 2]}), r"returned DataFrame of shape \(2, 1\)"),
        (np.float64(1), r"returned float64 of shape \(\)"),
        ([[1], [2]], r"returned \[1\] \(list\) for row 0"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "abstain"])
def test_a_vectorized_function_must_return_one_vote_a_row(votes, complaint, on_error):
    with pytest.raises(LabelingFunctionError, match=f"labeling function 'rule' {complaint}"):
        votes_of(vectorized(lambda _: votes), ["a", "b"], on_error=on_error)


def test_a_series_of_votes_in_another_order_is_refused(comments):
    lf = vectorized(lambda frame: frame["n links"].sort_values())
    with pytest.raises(LabelingFunctionError, match="'rule' returned a Series whose index is not"):
        votes_of(lf, comments)


@pytest.mark.parametrize("vote", [[1], {"a": 1}, (1, 2), np.array([1]), len])
def test_a_vote_that_is_no_class_label_is_refused_with_function_and_row(vote):
    records = pd.Series([0, 1], index=["x", "y"])
    complaint = r"'rule' returned .* for row 1 \(index 'y'\), which is no class label"
    with pytest.raises(LabelingFunctionError, match=complaint):
        votes_of(row_wise(lambda one: vote if one else None), records)


# Labeling functions that raise


def test_an_error_names_function_and_row_and_has_the_original_as_its_cause():
    records = pd.Series(["1", "x"], index=["first", "second"])
    complaint = (
        r"labeling function 'rule' raised ValueError\(.*\) at row 1 \(index 'second'\). "
        "Return None for what it cannot judge, or pass on_error='abstain'."
    )
    with pytest.raises(LabelingFunctionError, match=complaint) as caught:
        votes_of(row_wise(int), records)
    assert type(caught.value.__cause__) is ValueError


def test_an_error_of_a_vectorized_function_is_of_the_whole_batch():
    with pytest.raises(
        LabelingFunctionError, match=r"'rule' raised TypeError.* on the whole batch"
    ):
        votes_of(vectorized(lambda texts: texts + 1), ["a"])


def test_errors_can_be_abstentions_counted_in_one_warning():
    labeler = LabelingFunctions(
        [row_wise(int, "to_int"), row_wise(len), vectorized(lambda _: 1 / 0, "broken")],
        on_error="abstain",
    )
    with pytest.warns(UserWarning, match="labeling functions raised and so abst") as caught:
        votes = labeler.transform(["1", "x", "y"])
    assert votes.tolist() == [[1, 1, None], [None, 1, None], [None, 1, None]]
    message = str(caught[0].message)
    assert len(caught) == 1
    assert "'to_int' on 2 of 3 rows (first ValueError(" in message
    assert ") at row 1); 'broken' on 3 of 3 rows (first ZeroDivisionError(" in message
    assert caught[0].filename == __file__


@pytest.mark.parametrize("method", ["transform", "fit_transform"])
@pytest.mark.parametrize("container", ["default", "pandas"])
def test_the_warning_of_errors_points_at_the_callers_line(method, container):
    labeler = LabelingFunctions([row_wise(int)], on_error="abstain")
    labeler.set_output(transform=container)
    with pytest.warns(UserWarning, match="raised and so abstained") as caught:
        getattr(labeler, method)(["1", "x"])
    assert [warning.filename for warning in caught] == [__file__]


def test_nothing_is_warned_of_when_nothing_raised():
    assert votes_of(row_wise(len), ["a"], on_error="abstain") == [1]


def test_keyboard_interrupts_pass():
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        votes_of(row_wise(interrupt), ["a"], on_error="abstain")


def test_stop_iteration_is_an_error_like_others():
    with pytest.raises(LabelingFunctionError, match="raised StopIteration"):
        votes_of(row_wise(lambda text: next(iter(text))), [""])


def test_rows_that_a_ready_made_function_cannot_read_can_be_abstentions():
    with pytest.warns(UserWarning, match="'regex_a' on 2 of 4 rows .*row 1 holds 3"):
        assert votes_of(RegexLF("a", 1), ["a", 3, None, ["a"]], on_error="abstain") == [
            1,
            None,
            None,
            None,
        ]


def test_a_missing_column_is_never_an_abstention(comments):
    with pytest.raises(LabelingFunctionError, match="no column 'txt'"):
        votes_of(RegexLF("a", 1, column="txt"), comments, on_error="abstain")


# Workers and progress


@pytest.mark.slow
def test_worker_processes_run_closures_and_vote_the_same():
    bound = 5
    lfs = [
        row_wise(lambda one: "big" if one > bound else None),
        vectorized(lambda all_: np.where(all_ > all_.mean(), 1, None), "above mean"),
        ThresholdLF(None, "<", 2, label=0),
    ]
    records = np.arange(20)
    expected = LabelingFunctions(lfs).transform(records)
    np.testing.assert_array_equal(LabelingFunctions(lfs, n_jobs=2).transform(records), expected)


@pytest.mark.slow
def test_an_error_in_a_worker_process_names_the_row_of_the_whole():
    class UnpicklableError(Exception):
        def __init__(self, message, lock):
            super().__init__(message)
            self.lock = lock

    def fail(one):
        if one == 17:
            raise UnpicklableError("seventeen", None)

    with pytest.raises(
        LabelingFunctionError, match=r"UnpicklableError.*seventeen.* at row 17. Return"
    ):
        votes_of(row_wise(fail), list(range(20)), n_jobs=2)


def test_what_cannot_be_sent_to_workers_is_named_with_a_remedy():
    lock = threading.Lock()
    complaint = "'rule' cannot be pickled and sent to worker processes. Use n_jobs=None, or threads"
    with pytest.raises(LabelingFunctionError, match=complaint):
        votes_of(row_wise(lambda _: bool(lock)), [1, 2], n_jobs=2)


def test_records_that_cannot_be_sent_to_workers_are_named():
    with pytest.raises(LabelingFunctionError, match="X cannot be pickled and sent to worker"):
        votes_of(row_wise(lambda _: 1), [threading.Lock(), threading.Lock()], n_jobs=2)


def test_an_error_that_cannot_be_pickled_has_a_stand_in_in_parallel_runs():
    class LocalError(Exception):
        pass

    def fail(one):
        raise LocalError("no luck")

    with (
        joblib.parallel_backend("threading", n_jobs=2),
        pytest.raises(
            LabelingFunctionError, match=r"RuntimeError\('LocalError: no luck'\) at row 0"
        ),
    ):
        votes_of(row_wise(fail), [1, 2])


def test_threads_vote_the_same_in_the_order_of_the_rows():
    lfs = [row_wise(lambda one: one), ThresholdLF(None, ">", 50, label=1)]
    with joblib.parallel_backend("threading", n_jobs=3):
        votes = LabelingFunctions(lfs).transform(list(range(100)))
    assert votes[:, 0].tolist() == list(range(100))
    assert votes[:, 1].tolist() == [None] * 51 + [1] * 49


def test_errors_in_threads_can_be_abstentions_counted_over_all_rows():
    labeler = LabelingFunctions([row_wise(lambda one: 1 / (one % 10))], on_error="abstain")
    with (
        joblib.parallel_backend("threading", n_jobs=2),
        pytest.warns(UserWarning, match=r"'rule' on 10 of 100 rows \(first .* at row 0\)"),
    ):
        labeler.transform(list(range(100)))


def test_many_rows_are_taken_in_chunks_and_joined():
    records = list(range(45_000))
    assert votes_of(row_wise(lambda one: one), records) == records


def test_progress_counts_votes_on_standard_error(capfd):
    LabelingFunctions([has_link, is_upper], progress=True).transform(["a", "b"])
    assert "4.00/4.00" in capfd.readouterr().err


def test_without_progress_nothing_is_printed(capfd):
    LabelingFunctions([has_link, is_upper]).transform(["a", "b"])
    assert capfd.readouterr() == ("", "")


# scikit-learn's conventions


def test_transform_needs_no_fit_and_fit_needs_no_data():
    labeler = LabelingFunctions([has_link])
    assert labeler.fit() is labeler
    assert labeler.fit_transform(["http"]).tolist() == [["spam"]]


def test_pandas_output_has_names_and_the_index(comments):
    labeler = LabelingFunctions([ThresholdLF("age", ">", 2, 1), ColumnLF("n links")])
    votes = labeler.set_output(transform="pandas").transform(comments)
    assert votes.columns.tolist() == ["age>2", "n_links"]
    assert votes.index.tolist() == ["a", "b", "c"]
    assert votes["n_links"].tolist() == [1, 0, 4]


def test_pandas_output_of_a_series_has_its_index():
    votes = (
        LabelingFunctions([has_link])
        .set_output(transform="pandas")
        .transform(pd.Series(["http", ""], index=[7, 8]))
    )
    assert votes.index.tolist() == [7, 8]


def test_polars_output_has_names():
    votes = LabelingFunctions([has_link]).set_output(transform="polars").transform(["http", ""])
    assert votes.to_dict(as_series=False) == {"has_link": ["spam", None]}


def test_parameters_reach_into_labeling_functions():
    labeler = LabelingFunctions([RegexLF("free", "spam", name="free"), has_link])
    assert labeler.get_params()["free__pattern"] == "free"
    labeler.set_params(free__pattern="win", n_jobs=1)
    assert (labeler.lfs[0].pattern, labeler.n_jobs) == ("win", 1)


def test_a_labeling_function_is_replaced_by_name():
    labeler = LabelingFunctions([has_link, is_upper]).set_params(has_link=RegexLF("a", 1))
    assert labeler.get_feature_names_out().tolist() == ["regex_a", "shouts"]


def test_shallow_parameters_are_the_constructors():
    labeler = LabelingFunctions([has_link])
    assert set(labeler.get_params(deep=False)) == {"lfs", "n_jobs", "on_error", "progress"}


def test_an_unknown_parameter_of_a_labeling_function_is_refused():
    with pytest.raises(ValueError, match="Invalid parameter 'size' for estimator"):
        LabelingFunctions([has_link]).set_params(has_link__size=1)


def test_clones_share_no_labeling_function():
    labeler = LabelingFunctions([RegexLF("a", 1, name="a")])
    clone(labeler).set_params(a__pattern="b")
    assert labeler.lfs[0].pattern == "a"


def test_grid_search_tunes_a_threshold():
    scores = np.arange(40.0)
    pipeline = make_pipeline(
        LabelingFunctions([ThresholdLF(None, ">", 0, 1, name="score")]),
        FunctionTransformer(lambda votes: np.equal(votes, 1).astype(float)),
        BernoulliNB(),
    )
    grid = {"labelingfunctions__score__value": [5, 19.5, 35]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(scores, scores > 19.5)
    assert search.best_params_ == {"labelingfunctions__score__value": 19.5}


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "lf", [has_link, is_upper, Rules.is_short, RegexLF("a", 1)], ids=lambda lf: lf.get_name()
)
def test_labeling_functions_survive_pickling(lf, protocol):
    loaded = pickle.loads(pickle.dumps(LabelingFunctions([lf]), protocol))
    expected = LabelingFunctions([lf]).transform(["a", "HTTP", "http"])
    np.testing.assert_array_equal(loaded.transform(["a", "HTTP", "http"]), expected)


def test_a_function_that_keeps_its_name_is_pickled_under_it():
    qualified_name = undecorated.__qualname__
    lf = labeling_function(name="other")(undecorated)
    assert undecorated.__qualname__ == qualified_name
    assert pickle.loads(pickle.dumps(lf)).function is undecorated


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"on_error": "ignore"}, "The 'on_error' parameter"),
        ({"n_jobs": "all"}, "The 'n_jobs' parameter"),
        ({"progress": "yes"}, "The 'progress' parameter"),
        ({"lfs": has_link}, "The 'lfs' parameter"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform"])
def test_bad_parameters_are_refused(parameters, complaint, method):
    labeler = LabelingFunctions(**{"lfs": [has_link], **parameters})
    with pytest.raises(ValueError, match=complaint):
        getattr(labeler, method)(["a"])


# Names


@pytest.mark.parametrize(
    ("lf", "name"),
    [
        (RegexLF(r"https?://", 1), "regex_https?://"),
        (RegexLF(re.compile("a b"), 1, column="my__text"), "regex_my_text_a_b"),
        (KeywordLF("free", 1), "keyword_free"),
        (KeywordLF({"d", "b", "a", "c"}, 1), "keyword_a_b_c_and_1_more"),
        (ThresholdLF("age", ">=", 18, 1), "age>=18"),
        (ThresholdLF(None, "<", 0.5, 1), "value<0.5"),
        (LookupLF("country", {"a": 1}), "lookup_country"),
        (ColumnLF("judge"), "judge"),
        (ColumnLF(3), "column_3"),
        (ClassifierLF(LogisticRegression(), column="text"), "classifier_logisticregression_text"),
        (ClassifierLF(LogisticRegression(), name="old"), "old"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_names_are_made_of_parameters(lf, name):
    assert lf.get_name() == name


@pytest.mark.parametrize(
    ("lfs", "complaint"),
    [
        ([], "needs at least one labeling function"),
        ([RegexLF("a", 1), RegexLF("a", 2)], "'regex_a' occurs more than once. Give all but one"),
        ([RegexLF("a", 1, name="a__b")], "'a__b' contains '__'"),
        ([RegexLF("a", 1, name="n_jobs")], "'n_jobs' is a parameter of LabelingFunctions"),
        ([RegexLF("a", 1, name=3)], "name is a string, not 3"),
        ([lambda text: 1], r"has no name. Give it one: labeling_function\(name='...'\)"),
        ([RegexLF], r"is no labeling function. Call it: RegexLF\(...\)"),
        ([BernoulliNB()], r"is no labeling function. Wrap a fitted classifier: ClassifierLF"),
        ([3], r"3 is no labeling function. Decorate a function"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform"])
def test_bad_lists_of_labeling_functions_are_refused(lfs, complaint, method):
    with pytest.raises(LabelingFunctionError, match=complaint):
        getattr(LabelingFunctions(lfs), method)(["a"])


def test_a_lambda_must_be_named():
    with pytest.raises(LabelingFunctionError, match="has no name"):
        labeling_function()(lambda text: 1)


def test_only_functions_are_decorated():
    with pytest.raises(TypeError, match="decorates a function, not 3"):
        labeling_function(name="three")(3)


# Columns


TEXTS = ["free", None, "beer"]


@pytest.mark.parametrize(
    ("records", "column"),
    [
        (TEXTS, None),
        (np.array(TEXTS, dtype=object), None),
        (np.array([TEXTS, TEXTS], dtype=object).T, 1),
        (np.array([TEXTS], dtype=object).T, None),
        (pd.Series(TEXTS), None),
        (pd.Series(TEXTS, name="text"), "text"),
        (pd.Series(TEXTS, dtype="string"), None),
        (pd.Series(TEXTS, dtype="category"), None),
        (pd.DataFrame({"text": TEXTS}), None),
        (pd.DataFrame({"a": 1, "text": TEXTS}), "text"),
        (pd.DataFrame({"a": 1, "text": TEXTS}), 1),
        (pd.DataFrame({"a": 1, "text": TEXTS}), -1),
        (pd.DataFrame({5: TEXTS, 0: 1}), 5),
        (pd.DataFrame({("x", "y"): TEXTS, ("x", "z"): 1}), ("x", "y")),
        (pl.Series(TEXTS), None),
        (pl.DataFrame({"a": [1, 2, 3], "text": TEXTS}), "text"),
        ([{"text": text} for text in TEXTS], "text"),
        ([[1, text] for text in TEXTS], 1),
    ],
)
def test_a_column_is_found_by_name_or_position_in_all_containers(records, column):
    assert RegexLF("free", 1, column=column)(records).tolist() == [1, None, None]


@pytest.mark.parametrize(
    ("column", "complaint"),
    [
        (None, "one column, and X has 3 .'text', 'n links', 'age'.. Name it: column="),
        ("texts", "X has no column 'texts'. Did you mean 'text'?"),
        ("zzz", "X has no column 'zzz'. The columns are 'text', 'n links', 'age'."),
        (3, "X has no column 3"),
    ],
)
def test_a_column_that_is_not_there_is_refused(column, complaint, comments):
    with pytest.raises(LabelingFunctionError, match=f"RegexLF 'rule' reads .*{complaint}"):
        RegexLF("a", 1, column=column, name="rule")(comments)


def test_a_column_of_one_dimensional_records_is_refused():
    complaint = r"reads column 'text', but X is one-dimensional \(list\). Leave column=None"
    with pytest.raises(LabelingFunctionError, match=complaint):
        RegexLF("a", 1, column="text")(["a"])


def test_columns_of_one_name_are_refused_but_by_position():
    frame = pd.DataFrame([["a", "b"]], columns=["same", "same"])
    assert RegexLF("b", 1, column=1)(frame).tolist() == [1]
    with pytest.raises(LabelingFunctionError, match="X has 2 columns named 'same'"):
        RegexLF("b", 1, column="same")(frame)


# Texts


def test_a_value_that_is_no_text_is_refused_with_function_row_and_remedy():
    records = pd.Series(["a", 3, 4], index=["x", "y", "z"])
    complaint = (
        r"RegexLF 'regex_a' reads texts, but row 1 \(index 'y'\) holds 3 \(int\); such rows: 2. "
        "Convert the column to strings"
    )
    with pytest.raises(LabelingFunctionError, match=complaint):
        RegexLF("a", 1)(records)


@pytest.mark.parametrize("lf", [RegexLF("^$", 1), KeywordLF("nan", 1), RegexLF("None|nan", 1)])
@pytest.mark.parametrize("marker", [None, np.nan, pd.NA])
def test_missing_texts_abstain(lf, marker):
    assert lf(["a", marker]).tolist() == [None, None]


def test_regular_expressions_take_flags():
    assert RegexLF("FREE", 1, flags=re.IGNORECASE)(["free"]).tolist() == [1]
    assert RegexLF(re.compile("FREE", re.IGNORECASE), 1)(["free"]).tolist() == [1]


@pytest.mark.parametrize(
    ("pattern", "flags", "complaint"),
    [
        ("(a", 0, r"the pattern '\(a' does not compile: missing \)"),
        (None, 0, "the pattern None does not compile"),
        (re.compile("a"), re.IGNORECASE, "does not compile: cannot process flags"),
        (b"a", 0, "the pattern b'a' is of bytes"),
    ],
)
def test_bad_patterns_are_refused(pattern, flags, complaint):
    with pytest.raises(LabelingFunctionError, match=complaint):
        RegexLF(pattern, 1, flags=flags, name="rule")(["a"])


@pytest.mark.parametrize("label", [None, np.nan, ["spam"]])
@pytest.mark.parametrize(
    "make", [RegexLF, KeywordLF, lambda a, label: ThresholdLF(None, "==", a, label)]
)
def test_a_label_must_be_a_class_label(make, label):
    with pytest.raises(LabelingFunctionError, match="label is a class label, a number or a string"):
        make("a", label)(["a"])


@pytest.mark.parametrize(
    ("pattern", "flags", "literals"),
    [
        ("subscribe", 0, {"subscribe"}),
        (r"\bsubscribe\b", 0, {"subscribe"}),
        ("https?://", 0, {"http"}),
        ("cat|(?:dog|mouse)+", 0, {"cat", "dog", "mouse"}),
        ("(?i)CAT", 0, {"cat"}),
        ("(?i:CAT)s and", 0, {"s and"}),
        ("a(?=bc)|b", 0, None),
        ("(cat)?", 0, None),
        ("[cd]at", 0, {"at"}),
        (r"\d+", 0, None),
        ("naïve", re.IGNORECASE, None),
        ("(?>cat)", 0, {"cat"}),
        ("", 0, None),
    ],
)
def test_literals_that_a_pattern_requires(pattern, flags, literals):
    assert required_literals(re.compile(pattern, flags)) == literals


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        (r"\b\d{4,}\b", r"[\d]"),
        (r"\$[0-9]", r"[0123456789]"),
        ("[!?]{2}", r"[!\?]"),
        ("a[.-]+", r"[\.\-]"),
        ("[0-9a]", None),
        (r"\d*", None),
        ("[^0-9]", None),
        (r"\d|x", None),
        ("[€]", None),
    ],
)
def test_characters_that_a_pattern_requires(pattern, characters):
    required = required_characters(re.compile(pattern))
    assert (required and required.pattern) == characters


ATOMS = st.sampled_from(
    [r"\d", "[0-9.]", "ab", "b", "s", "k", "İ", "ß", r"\b", ".", "[ab]", "^", "(?!a)"]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "+?"])).map(
            lambda part: f"(?:{part[0]}){part[1]}"
        ),
        inner.map(lambda part: f"(?i:{part})"),
    ),
    max_leaves=8,
)


@given(
    PATTERNS,
    st.lists(st.text("aAbBsSkK\u017f\u0131İßẞ 4.\u0663", max_size=8), max_size=30),
    st.booleans(),
)
def test_a_regular_expression_finds_what_re_finds(pattern, texts, ignore_case):
    flags = re.IGNORECASE if ignore_case else 0
    expected = [1 if re.search(pattern, text, flags) else None for text in texts]
    assert RegexLF(pattern, 1, flags=flags)(texts).tolist() == expected


@given(
    st.lists(st.text("abA+_ é", min_size=1, max_size=3), min_size=1, max_size=12),
    st.lists(st.text("abA+_ é", max_size=8), max_size=30),
    st.booleans(),
    st.booleans(),
)
def test_keywords_are_found_where_each_alone_would_be(words, texts, case_sensitive, boundaries):
    def contains(text, word):
        if not case_sensitive:
            text, word = text.casefold(), word.casefold()
        before = r"(?<!\w)" if boundaries and re.match(r"\w", word[0]) else ""
        after = r"(?!\w)" if boundaries and re.match(r"\w", word[-1]) else ""
        return re.search(before + re.escape(word) + after, text)

    lf = KeywordLF(words, 1, case_sensitive=case_sensitive, word_boundaries=boundaries)
    expected = [1 if any(contains(text, word) for word in words) else None for text in texts]
    assert lf(texts).tolist() == expected


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("art", "party", False),
        ("art", "modern ART!", True),
        (["check out"], "Check out my song", True),
        ("c++", "C++11", True),
        ("c++", "xc++", False),
        ("$$", "a$$b", True),
        ("straße", "STRASSE", True),
        (np.array(["free", "win"]), "win", True),
        (["free", *map(str, range(1000))], "it is 999", True),
        (["free", *map(str, range(1000))], "it is 1000", False),
    ],
)
def test_keywords(words, text, found):
    assert KeywordLF(words, 1)([text]).tolist() == [1 if found else None]


def test_keywords_can_be_found_within_words_and_with_case():
    lf = KeywordLF("Art", 1, case_sensitive=True, word_boundaries=False)
    assert lf(["pArty", "party"]).tolist() == [1, None]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], r"there are none in \[\]"),
        (["a", ""], "one is ''"),
        (["a", 3], "one is 3"),
        (None, "there are none in None"),
        ((word for word in "ab"), "there are none in <generator"),
    ],
)
def test_bad_words_are_refused(words, complaint):
    message = f"KeywordLF 'rule': words is a list of strings that are not empty, but {complaint}"
    with pytest.raises(LabelingFunctionError, match=message):
        KeywordLF(words, 1, name="rule")(["a"])


# Tables


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (">", [None, None, 1, None]),
        (">=", [None, 1, 1, None]),
        ("<", [1, None, None, None]),
        ("<=", [1, 1, None, None]),
        ("==", [None, 1, None, None]),
        ("!=", [1, None, 1, None]),
    ],
)
@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2, 3, np.nan]),
        [1, 2, 3, None],
        pd.Series([1, 2, 3, None], dtype="Int64"),
        pl.Series([1, 2, 3, None]),
        pd.Series([1, 2, 3, None], dtype=object),
    ],
    ids=["array", "list", "Int64", "polars", "object"],
)
def test_thresholds_compare_and_missing_values_abstain(op, expected, values):
    assert ThresholdLF(None, op, 2, 1)(values).tolist() == expected


def test_thresholds_do_not_round_large_integers():
    large = 2**53
    for values in (pd.Series([large + 1, None], dtype="Int64"), pl.Series([large + 1, None])):
        assert ThresholdLF(None, "==", large, 1)(values).tolist() == [None, None]


@pytest.mark.parametrize("value", ["2020-06-01", pd.Timestamp("2020-06-01")])
def test_thresholds_compare_dates(value):
    dates = pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01", None]))
    assert ThresholdLF(None, ">", value, 1)(dates).tolist() == [None, 1, None]


def test_thresholds_compare_strings():
    assert ThresholdLF(None, "==", "en", 1)(["en", "fr", None]).tolist() == [1, None, None]


def test_thresholds_read_sparse_columns():
    assert ThresholdLF(1, ">", 0, 1)(csr_array([[0, 2], [3, 0]])).tolist() == [1, None]


@pytest.mark.parametrize(
    ("values", "op", "value", "complaint"),
    [
        (["1", "2"], ">", 1, "with 1, but row 0 holds '1' .str.; such rows: 2. Use pandas.to_num"),
        ([1, "2"], "==", 1, "with 1, but row 1 holds '2' .str.; such rows: 1. Use pandas.to_num"),
        ([1, 2], "==", "1", "with '1', but row 0 holds 1 .int.; such rows: 2. Use a number"),
        (np.array([1, 2]), "<", "1", "with '1', but row 0 holds .*Use a number as value"),
        ([{}, {}], ">", 1, "the column does not compare with 1: "),
        ([1], "=>", 1, "op is one of >, >=, <, <=, ==, !=, not '=>'"),
        ([1], ">", None, "value is one number, string or date, not None"),
        ([1], ">", np.nan, "value is one number, string or date, not nan"),
        ([1], ">", [1, 2], r"value is one number, string or date, not \[1, 2\]"),
    ],
)
def test_bad_thresholds_are_refused(values, op, value, complaint):
    with pytest.raises(LabelingFunctionError, match=f"ThresholdLF 'rule'.*{complaint}"):
        ThresholdLF(None, op, value, 1, name="rule")(values)


@pytest.mark.parametrize("mapping", [{"a": 1, "b": None}, pd.Series({"a": 1})])
def test_lookups_vote_for_what_they_find(mapping):
    assert LookupLF(None, mapping)(["a", "b", "c", None]).tolist() == [1, None, None, None]


def test_lookups_find_numbers_of_any_type():
    values = np.array([1.0, 2.0, np.nan])
    assert LookupLF(None, {1: "x", np.int64(2): "y"})(values).tolist() == ["x", "y", None]


@pytest.mark.parametrize(
    ("values", "mapping", "complaint"),
    [
        (["a", ["b"]], {"a": 1}, r"looks values up, but row 1 holds \['b'\] .list."),
        (["1", "2"], {1: 1}, "the mapping's keys are numbers, but the column holds strings"),
        ([1, 2], {"1": 1}, "the mapping's keys are strings, but the column holds numbers"),
        (["a"], {}, "mapping is a dict that is not empty, not {}"),
        (["a"], "a", "mapping is a dict that is not empty, not 'a'"),
    ],
)
def test_bad_lookups_are_refused(values, mapping, complaint):
    with pytest.raises(LabelingFunctionError, match=f"LookupLF 'rule'.*{complaint}"):
        LookupLF(None, mapping, name="rule")(values)


@pytest.mark.parametrize(
    ("column", "votes"),
    [
        (np.array([1, 0, 2]), [1, 0, 2]),
        (pd.Series([1, None, 2], dtype="Int64"), [1, None, 2]),
        (["good", None, "bad"], ["good", None, "bad"]),
        (pd.Series(["good", None, "bad"], dtype="category"), ["good", None, "bad"]),
        (pl.Series([1, None, 2]), [1, None, 2]),
    ],
    ids=["array", "Int64", "list", "category", "polars"],
)
def test_existing_votes_pass_unchanged(column, votes):
    passed = votes_of(ColumnLF(None), column)
    assert passed == votes
    assert list(map(type, passed)) == list(map(type, votes))


@pytest.mark.parametrize(
    ("values", "abstain", "votes"),
    [
        (["good", "unsure", "n/a"], "unsure", ["good", None, "n/a"]),
        (["good", "unsure", "n/a"], ["unsure", "n/a"], ["good", None, None]),
        (np.array([1, 0, 9]), 9, [1, 0, None]),
        (np.array([1, 0, 9]), "unsure", [1, 0, 9]),
        (["good", 9, "bad"], {9}, ["good", None, "bad"]),
    ],
)
def test_values_of_existing_votes_can_be_abstentions(values, abstain, votes):
    assert votes_of(ColumnLF(None, abstain=abstain, name="judge"), values) == votes


# Classifiers


@pytest.fixture(scope="module")
def classifier():
    return LogisticRegression().fit([[0.0], [1.0], [4.0], [5.0]], ["no", "no", "yes", "yes"])


def test_a_classifier_votes_where_it_is_sure(classifier):
    lf = ClassifierLF(classifier, threshold=0.8)
    assert lf([[0.0], [2.5], [6.0]]).tolist() == ["no", None, "yes"]


def test_a_classifier_votes_for_the_classes_that_have_a_threshold(classifier):
    lf = ClassifierLF(classifier, threshold={"yes": 0.5})
    assert lf([[0.0], [2.6], [6.0]]).tolist() == [None, "yes", "yes"]


def test_a_threshold_of_zero_is_always_reached(classifier):
    assert None not in ClassifierLF(classifier, threshold=0)(np.linspace(0, 6, 7)[:, None]).tolist()


def test_a_classifiers_column_is_one_dimensional_and_has_no_missing_texts():
    classifier = make_pipeline(CountVectorizer(), BernoulliNB()).fit(["bad", "good"], [0, 1])
    frame = pd.DataFrame({"n": [1, 2, 3], "text": ["good", None, "bad"]})
    votes = votes_of(ClassifierLF(classifier, column="text"), frame)
    assert votes == [1, None, 0]
    assert {type(vote) for vote in votes} == {int, type(None)}
    assert votes_of(ClassifierLF(classifier, column="text"), frame.iloc[[1]]) == [None]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_classifier_gets_the_table_of_a_list_of_columns(make):
    frame = make({"a": [0.0, 1.0], "text": ["x", "y"], "b": [0.0, 1.0]})
    classifier = BernoulliNB().fit(frame[["a", "b"]], [0, 1])
    assert votes_of(ClassifierLF(classifier, column=["a", "b"]), frame) == [0, 1]


def test_a_clone_has_the_fitted_classifier_and_thresholds_of_its_own(classifier):
    labeler = LabelingFunctions([ClassifierLF(classifier, name="old")])
    copied = clone(labeler).set_params(old__threshold=1.0)
    assert copied.lfs[0].classifier is classifier
    assert labeler.lfs[0].threshold == 0.5


def test_a_classifiers_own_parameters_are_out_of_reach(classifier):
    assert set(ClassifierLF(classifier).get_params()) == {
        "classifier",
        "threshold",
        "column",
        "name",
    }


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda _: ClassifierLF(LogisticRegression(), name="rule"), "is not fitted. Fit it first"),
        (lambda _: ClassifierLF(LinearSVC(), name="rule"), "has no predict_proba. Wrap it in sk"),
        (lambda _: ClassifierLF(Perceptron(), name="rule"), "has no predict_proba"),
        (lambda fitted: ClassifierLF(fitted, 1.5, name="rule"), r"a number in \[0, 1\], not 1.5"),
        (lambda fitted: ClassifierLF(fitted, {"no": "a"}, name="rule"), r"in \[0, 1\], not 'a'"),
        (
            lambda fitted: ClassifierLF(fitted, {"maybe": 0.5}, name="rule"),
            "threshold has a class 'maybe' that the classifier does not; its classes are 'no', 'y",
        ),
    ],
)
def test_bad_classifiers_and_thresholds_are_refused(make, complaint, classifier):
    with pytest.raises(LabelingFunctionError, match=f"ClassifierLF 'rule': .*{complaint}"):
        make(classifier)([[0.0]])


def test_records_are_not_changed(comments):
    before = comments.copy(deep=True)
    lfs = [
        ColumnLF("n links", abstain=0),
        RegexLF("a", 1, column="text"),
        ThresholdLF("age", ">", 1, 1),
    ]
    LabelingFunctions(lfs).transform(comments)
    pd.testing.assert_frame_equal(comments, before)


def test_votes_can_be_changed_without_changing_the_records():
    records = np.array([1, 2])
    votes = LabelingFunctions([ColumnLF(None)]).transform(records)
    votes[:] = 0
    assert records.tolist() == [1, 2]


@pytest.mark.parametrize("marker", [None, -1, np.nan])
def test_label_models_read_each_kind_of_abstention_alike(marker):
    def fit_and_predict(abstain):
        def all_but(bound):
            return row_wise(lambda x: abstain if x == bound else int(x > 3), f"all but {bound}")

        pipeline = make_pipeline(
            LabelingFunctions([all_but(2), all_but(3), all_but(4)]),
            LabelModelClassifier(random_state=0),
        )
        return pipeline.fit(np.arange(70) % 7).predict_proba(np.arange(7))

    # The order of sums may differ.
    np.testing.assert_allclose(fit_and_predict(marker), fit_and_predict(None), rtol=1e-12)
