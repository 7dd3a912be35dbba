"""What a trained classifier tells of its LFs, its diagram, and diagnoses of records that it cannot read."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    KeywordLF,
    LabelingFunctions,
    LabelModelClassifier,
    MajorityVoteClassifier,
    WeakSupervisionClassifier,
    lf_summary,
)

TEXTS = ["subscribe now", "win a prize now", "lovely song", "what a song", "subscribe and win"] * 6
RULES = LabelingFunctions(
    [
        KeywordLF(["subscribe"], label="spam", name="subscribe"),
        KeywordLF(["win", "prize"], label="spam", name="prize"),
        KeywordLF(["now"], label="spam", name="now"),
        KeywordLF(["song"], label="ham", name="song"),
        KeywordLF(["lovely", "what"], label="ham", name="mood"),
    ]
)
READER = make_pipeline(TfidfVectorizer(), LogisticRegression())


@pytest.fixture(scope="module")
def votes():
    return RULES.set_output(transform="pandas").fit_transform(TEXTS)


@pytest.fixture(scope="module")
def by_labeler():
    return WeakSupervisionClassifier(labeler=RULES, estimator=READER).fit(TEXTS)


@pytest.fixture(scope="module")
def by_columns(votes):
    frame = votes.assign(text=TEXTS)
    estimator = make_pipeline(
        make_column_transformer((TfidfVectorizer(), "text")), LogisticRegression()
    )
    return WeakSupervisionClassifier(estimator=estimator, vote_columns=list(votes)).fit(frame)


@pytest.fixture(scope="module")
def by_votes(votes):
    return WeakSupervisionClassifier(estimator=READER).fit(TEXTS, L=votes)


# Views --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["by_labeler", "by_columns", "by_votes"])
def test_the_summary_is_that_of_the_votes_of_fit(source, votes, request):
    model = request.getfixturevalue(source)
    expected = lf_summary(votes, label_model=model.label_model_)
    pd.testing.assert_frame_equal(model.lf_summary(), expected)


def test_the_summary_with_gold_labels(by_labeler):
    y = ["spam" if "song" not in text else "ham" for text in TEXTS]
    assert (by_labeler.lf_summary(y=y)["empirical_accuracy"] == 1).all()


def test_the_summary_of_other_records(by_labeler):
    assert by_labeler.lf_summary(["a song", "subscribe"])["coverage"].tolist() == [
        0.5,
        0,
        0,
        0.5,
        0,
    ]


def test_the_report_is_the_label_models(by_labeler, votes):
    assert str(by_labeler.report()) == str(by_labeler.label_model_.report(votes))
    options = {"reference": by_labeler.report(), "ignore": ["too-few-lfs"]}
    with_options = by_labeler.label_model_.report(votes, **options)
    assert by_labeler.report(**options).checks == with_options.checks


@pytest.mark.parametrize("label_model", [MajorityVoteClassifier(), DawidSkeneClassifier()])
def test_the_summary_of_any_label_model(label_model, votes):
    model = WeakSupervisionClassifier(label_model=label_model, estimator=READER)
    model.fit(TEXTS, L=votes)
    assert model.lf_summary().index.tolist() == list(votes)


def test_a_frozen_label_model_has_a_report(votes):
    frozen = FrozenEstimator(LabelModelClassifier().fit(votes))
    model = WeakSupervisionClassifier(label_model=frozen, estimator=READER).fit(TEXTS, L=votes)
    assert len(model.report().lfs) == 5


@pytest.mark.parametrize("source", ["by_labeler", "by_columns"])
def test_an_explanation_holds_the_votes_and_the_end_model(source, votes, request):
    model = request.getfixturevalue(source)
    record = TEXTS[1:2] if source == "by_labeler" else votes[1:2].assign(text=TEXTS[1])
    table = model.explain(record)
    expected = model.label_model_.explain(votes[1:2])
    pd.testing.assert_frame_equal(table.iloc[:-1], pd.DataFrame(expected), check_index_type=False)
    assert repr(expected).splitlines()[0].split()[-5:] == repr(table).splitlines()[0].split()[-5:]
    assert table.index[-1] == "end model"
    assert table["vote"].iloc[-1] == model.predict(record)[0]
    scores = table[["ham", "spam"]].iloc[-1].astype(float)
    proba = model.predict_proba(record)[0]
    assert_allclose(scores["spam"] - scores["ham"], np.log(proba[1] / proba[0]))


def test_an_explanation_of_votes_alone(by_votes, votes):
    table = by_votes.explain(L=votes[:1])
    pd.testing.assert_frame_equal(table, by_votes.label_model_.explain(votes[:1]))


@pytest.mark.parametrize(
    ("record", "message"),
    [(None, "Pass the record to explain"), (TEXTS[:2], "One record .* got 2")],
)
def test_one_record_at_a_time(by_labeler, record, message):
    with pytest.raises(ValueError, match=message):
        by_labeler.explain(record)


def test_votes_are_not_saved(by_labeler, votes):
    loaded = pickle.loads(pickle.dumps(by_labeler))
    with pytest.raises(ValueError, match="not in a loaded one"):
        loaded.report()
    assert str(loaded.report(TEXTS)) == str(by_labeler.report())
    pd.testing.assert_frame_equal(loaded.lf_summary(L=votes), by_labeler.lf_summary())


def test_votes_that_nothing_can_cast(by_votes):
    with pytest.raises(ValueError, match="Neither a labeler nor vote columns"):
        by_votes.report(TEXTS)


def test_a_frame_without_its_vote_columns(by_columns):
    with pytest.raises(ValueError, match="lacks the vote column 'subscribe'"):
        by_columns.lf_summary(pd.DataFrame({"text": TEXTS}))


# Votes beside the classifier ----------------------------------------------------------------------


def test_with_votes_probabilities_are_the_mean_of_both(by_labeler):
    new = ["subscribe song", "a lovely voice", "nothing at all"]
    alone = by_labeler.predict_proba(new)
    model = pickle.loads(pickle.dumps(by_labeler)).set_params(use_votes=True)
    from_votes = model.label_model_.predict_proba(RULES.transform(new))
    expected = np.vstack([(alone + from_votes)[:2] / 2, alone[2:]])
    assert_allclose(model.predict_proba(new), expected)
    assert_array_equal(model.predict(new), model.classes_[expected.argmax(axis=1)])
    assert_array_equal(model.decision_function(new) > 0, model.predict(new) == "spam")


def test_votes_must_be_at_hand_where_they_are_used(votes):
    with pytest.raises(ValueError, match="use_votes=True needs votes"):
        WeakSupervisionClassifier(estimator=READER, use_votes=True).fit(TEXTS, L=votes)


# Diagram ------------------------------------------------------------------------------------------


def test_the_diagram_is_a_sequence(by_labeler):
    for model in (by_labeler, WeakSupervisionClassifier(labeler=RULES, estimator=READER)):
        block = model._sk_visual_block_()
        expected = ["labeler: LabelingFunctions", "label_model: LabelModelClassifier"]
        assert (block.kind, list(block.names)) == ("serial", [*expected, "estimator: Pipeline"])
        assert "sk-parallel-item" not in estimator_html_repr(model).split("</style>")[-1]


def test_without_a_labeler_the_diagram_starts_with_the_label_model():
    block = WeakSupervisionClassifier()._sk_visual_block_()
    assert block.names == ["label_model: LabelModelClassifier", "estimator: LogisticRegression"]


# Diagnoses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_the_default_estimator_reads_no_texts_in_a_frame(frame, votes):
    X = frame({"length": [len(text) for text in TEXTS], "text": TEXTS})
    message = (
        r"Column 'text' of X holds strings.*make_column_transformer\(\(TfidfVectorizer\(\), 'text'"
    )
    with pytest.raises(ValueError, match=message):
        WeakSupervisionClassifier().fit(X, L=votes)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("vectorizer", [TfidfVectorizer(), CountVectorizer()])
def test_a_vectorizer_reads_no_frame(frame, vectorizer, votes):
    estimator = make_pipeline(vectorizer, LogisticRegression())
    message = rf"{type(vectorizer).__name__} would read the column names .*'text'"
    with pytest.raises(ValueError, match=message):
        WeakSupervisionClassifier(estimator=estimator).fit(frame({"text": TEXTS}), L=votes)


def test_the_remedies_work(votes):
    frame = pd.DataFrame({"text": TEXTS})
    estimator = make_pipeline(
        make_column_transformer((TfidfVectorizer(), "text")), LogisticRegression()
    )
    by_frame = WeakSupervisionClassifier(estimator=estimator).fit(frame, L=votes)
    by_column = WeakSupervisionClassifier(estimator=READER).fit(frame["text"], L=votes)
    assert_allclose(by_frame.predict_proba(frame), by_column.predict_proba(frame["text"]))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "explain", "fit"])
@pytest.mark.parametrize("text", ["win now", b"win now"])
def test_one_text_is_no_list_of_records(by_labeler, method, text):
    with pytest.raises(ValueError, match=r"X is one text, b?'win now', .*Pass a list .*\[text\]"):
        getattr(clone(by_labeler) if method == "fit" else by_labeler, method)(text)
    assert len(by_labeler.predict(["win now"])) == 1
