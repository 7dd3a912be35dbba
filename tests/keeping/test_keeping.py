"""Every estimator is saved without pickle, and does the same when it is loaded."""

import copy
import pickle
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklearn_labelmodel
from sklearn_labelmodel import (
    BinLF,
    ClassifierLF,
    ColumnLF,
    DawidSkeneClassifier,
    KeywordLF,
    LabelingFunctions,
    LabelModelClassifier,
    LookupLF,
    MajorityVoteClassifier,
    MultilabelClassifier,
    RegexLF,
    ScoreLF,
    ThresholdLF,
    TunedAbstainClassifier,
    VoteStatistics,
    WeakSupervisionClassifier,
    labeling_function,
)
from sklearn_labelmodel._utils.keeping import Savable

LABEL_MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
WORDS = np.array(["ham", "spam"], dtype=object)
TEXTS = ["win a prize", "minutes of the meeting", "you won", "lunch with the team"] * 6


@labeling_function()
def mentions_winning(text):
    return "spam" if "win" in text or "won" in text else None


@labeling_function(vectorized=True)
def is_short(texts):
    return np.where([len(text) < 8 for text in texts], "spam", None)


@pytest.fixture(scope="module")
def mails():
    """Records with a column for every rule."""
    return pd.DataFrame(
        {
            "text": ["Win a prize", None, "minutes"] * 4,
            "links": [3, 0, 1] * 4,
            "judge": ["Spam.", "unsure", "ham"] * 4,
            "sent": pd.to_datetime(["2026-01-01", "2026-02-01", None] * 4),
        }
    )


OLD = LogisticRegression().fit(pd.DataFrame({"links": [0, 4]}), ["ham", "spam"])
RULES = [
    RegexLF("[Ww]in", label="spam", column="text"),
    RegexLF(re.compile("win", re.IGNORECASE), label="spam", column="text", name="compiled"),
    KeywordLF(frozenset({"win", "prize"}), label="spam", column="text"),
    KeywordLF(np.array(["minutes"]), label="ham", column="text", name="array"),
    ThresholdLF("links", ">", 1, label="spam"),
    ThresholdLF("sent", ">", pd.Timestamp("2026-01-15"), label="ham", name="late"),
    BinLF("links", below=(1, "ham"), above=(2, "spam")),
    LookupLF("links", {0: "ham", 3: "spam"}, name="dict"),
    LookupLF("judge", pd.Series({"Spam.": "spam"}), name="series"),
    ColumnLF("judge", abstain={"unsure"}, normalize=True, label_map={"spam": "spam", "ham": "ham"}),
    ScoreLF("links", name="score"),
    ClassifierLF(OLD, {"spam": 0.6}, column=["links"], name="old"),
]


def untrusted_of(estimator):
    return skops.io.get_untrusted_types(data=skops.io.dumps(estimator))


def own(*kinds):
    return sorted(f"{kind.__module__}.{kind.__name__}" for kind in kinds)


def by_skops(estimator):
    data = skops.io.dumps(estimator)
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))


def by_file(estimator, folder, **options):
    path = folder / "kept.skops"
    assert estimator.save(path) is estimator
    return sklearn_labelmodel.load(path, **options)


def votes_of(kind):
    """Votes with two columns of scores last, and gold labels of some rows."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=80)
    votes = np.where(rng.random((80, 5)) < 0.75, y[:, None], 1 - y[:, None])
    silent = rng.random(votes.shape) < 0.3
    scores = pd.DataFrame(y[:, None] + rng.normal(size=(80, 2)), columns=["p", "q"])
    if kind == "strings":
        table = pd.DataFrame(np.where(silent, None, WORDS[votes]), columns=list("abcde"))
        return pd.concat([table, scores], axis=1), np.where(rng.random(80) < 0.3, WORDS[y], None)
    table = pd.DataFrame(np.where(silent, -1, votes), columns=list("abcde"))
    return pd.concat([table, scores], axis=1), np.where(rng.random(80) < 0.3, y, -1)


def settings_of(model, L, y):
    return {
        "votes": (model(), L[list("abcde")], None),
        "gold": (model(), L[list("abcde")], y),
        "scores": (model(scores={"p": L["a"].max(), "q": L["a"].max()}), L, y),
        "no names": (model(), L[list("abcde")].to_numpy(), None),
    }


CASES = [
    (model, kind, setting)
    for model in LABEL_MODELS
    for kind in ("strings", "numbers")
    for setting in ("votes", "gold", "scores", "no names")
]


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0].__name__, *case[1:]]))
def fitted(request):
    model, kind, setting = request.param
    L, y = votes_of(kind)
    if kind == "strings":
        L["a"] = L["a"].fillna("spam")
    estimator, votes, gold = settings_of(model, L, y)[setting]
    return estimator.fit(votes, gold), votes


WAYS = {
    "skops": by_skops,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_label_model_comes_back_with_the_same_bits(fitted, way):
    model, L = fitted
    again = way(model)
    assert again.predict_proba(L).tobytes() == model.predict_proba(L).tobytes()
    assert again.predict(L).tolist() == model.predict(L).tolist()
    assert again.contributions(L).tobytes() == model.contributions(L).tobytes()
    assert again.symbols_.tolist() == model.symbols_.tolist()
    assert str(again.report_) == str(model.report_)


def test_a_file_of_a_label_model_names_its_class_alone(fitted):
    assert untrusted_of(fitted[0]) == own(type(fitted[0]))


@pytest.mark.slow
def test_a_label_model_comes_back_from_a_file(fitted, tmp_path):
    model, L = fitted
    again = by_file(model, tmp_path)
    assert type(again) is type(model)
    assert again.predict_proba(L).tobytes() == model.predict_proba(L).tobytes()


@pytest.mark.parametrize("model", LABEL_MODELS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_parameters_come_back_as_they_were_given(model, way):
    given = model(
        class_balance={False: 0.3, True: 0.7},
        classes=(False, True),
        abstain=[-1, None, "?"],
        vote_meanings={"either": [False, True]},
        scores=np.array(["p"], dtype=object),
    )
    again = way(given)
    assert repr(again.get_params()) == repr(given.get_params())
    assert clone(again).get_params(deep=False).keys() == given.get_params(deep=False).keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get_name())
def test_a_rule_votes_the_same_from_a_file(rule, mails, tmp_path):
    again = by_file(rule, tmp_path)
    assert untrusted_of(rule) == own(type(rule))
    assert again.get_name() == rule.get_name()
    assert repr(again(mails)) == repr(rule(mails))


@pytest.mark.slow
def test_a_labeler_votes_the_same_from_a_file(mails, tmp_path):
    labeler = LabelingFunctions(RULES, on_error="abstain").fit(mails)
    again = by_file(labeler, tmp_path)
    pd.testing.assert_frame_equal(
        again.set_output(transform="pandas").transform(mails),
        labeler.set_output(transform="pandas").transform(mails),
    )


def test_functions_of_the_user_are_all_else_that_a_file_names(tmp_path):
    labeler = LabelingFunctions([mentions_winning, is_short])
    names = [f"{__name__}.is_short", f"{__name__}.mentions_winning"]
    assert untrusted_of(labeler) == sorted(own(LabelingFunctions, type(mentions_winning)) + names)
    for trusted in (names, [mentions_winning, is_short], [lf.function for lf in labeler.lfs]):
        again = by_file(labeler, tmp_path, trusted=trusted)
        assert again.transform(TEXTS).tolist() == labeler.transform(TEXTS).tolist()
        assert again.lfs[0].function is mentions_winning.function


def test_functions_are_not_loaded_unless_trusted(tmp_path):
    with pytest.raises(
        ValueError, match=r"names what is not of this package: .*is_short\. Nothing"
    ) as raised:
        by_file(LabelingFunctions([is_short]), tmp_path)
    assert f"trusted={[__name__ + '.is_short']}" in str(raised.value)
    assert "kept.skops" in str(raised.value)


class StartsWith(RegexLF):
    """A rule of the user's own."""


def test_a_class_of_the_user_is_trusted_by_itself_or_by_name(tmp_path):
    rule = StartsWith("^win", label="spam")
    for trusted in ([StartsWith], f"{__name__}.StartsWith"):
        again = by_file(rule, tmp_path, trusted=trusted)
        assert type(again) is StartsWith
        assert again(["win", "lost"]).tolist() == ["spam", None]


@dataclass(frozen=True)
class Counts(Savable):
    """Statistics that are no estimator."""

    pairs: Any
    votes: Any


def test_what_is_no_estimator_is_saved_too(tmp_path):
    counts = Counts(csr_array(np.eye(2)), WORDS)
    again = by_file(counts, tmp_path, trusted=[Counts])
    assert (again.pairs.toarray() == np.eye(2)).all()
    assert again.votes.tolist() == WORDS.tolist()
    assert untrusted_of(counts) == own(Counts)


@pytest.mark.parametrize("kind", ["strings", "numbers"])
def test_statistics_come_back_by_skops(kind):
    L, y = votes_of(kind)
    counts = VoteStatistics(L[list("abcde")], y)
    assert by_skops(counts) == counts
    assert untrusted_of(counts) == own(VoteStatistics)


@pytest.mark.slow
@pytest.mark.parametrize("model", LABEL_MODELS)
@pytest.mark.parametrize("kind", ["strings", "numbers"])
def test_a_loaded_model_goes_on_to_learn_from_more_rows(model, kind, tmp_path):
    L = votes_of(kind)[0][list("abcde")]
    again = by_file(model().partial_fit(L[:40]), tmp_path).partial_fit(L[40:])
    assert again.predict_proba(L).tobytes() == model().fit(L).predict_proba(L).tobytes()
    assert untrusted_of(again) == own(model, VoteStatistics)


def test_every_public_estimator_can_be_saved():
    homes = (sklearn_labelmodel, sklearn_labelmodel.labeling, sklearn_labelmodel.end_model)
    public = {getattr(home, name) for home in homes for name in home.__all__}
    estimators = {one for one in public if isinstance(one, type) and issubclass(one, BaseEstimator)}
    assert {type(rule) for rule in RULES} < estimators
    assert [one for one in estimators if not issubclass(one, Savable)] == []


def test_a_lambda_within_the_estimator_of_a_pipeline_is_refused(tmp_path):
    model = WeakSupervisionClassifier(
        estimator=make_pipeline(FunctionTransformer(lambda X: X), LogisticRegression())
    )
    with pytest.raises(TypeError, match="no file can name"):
        model.save(tmp_path / "kept.skops")


def made_within():
    @labeling_function()
    def inner(text):
        return None

    return inner


class Holder:
    @staticmethod
    def of_class(text):
        return None


def is_short_too(text):
    return None


SHADOWED, is_short_too = is_short_too, None
UNNAMED = {
    "lambda": labeling_function(name="anonymous")(lambda text: None),
    "inner": made_within(),
    "of a class": Holder.of_class,
    "shadowed": SHADOWED,
}


@pytest.mark.parametrize("lf", UNNAMED.values(), ids=UNNAMED)
def test_a_function_that_no_file_can_name_is_refused(lf, tmp_path):
    with pytest.raises(
        TypeError, match=r"so that no file can name it\. Define it with a name of its own"
    ):
        LabelingFunctions([is_short, lf]).save(tmp_path / "kept.skops")
    assert not list(tmp_path.iterdir())


def test_a_function_that_is_gone_is_named(tmp_path, monkeypatch):
    LabelingFunctions([is_short]).save(tmp_path / "kept.skops")
    monkeypatch.delattr(f"{__name__}.is_short")
    with pytest.raises(ValueError, match=r"names .*is_short, of which something cannot be found"):
        sklearn_labelmodel.load(tmp_path / "kept.skops", trusted=[f"{__name__}.is_short"])


@pytest.mark.slow
def test_a_weak_supervision_classifier_comes_back(tmp_path):
    rules = [
        mentions_winning,
        KeywordLF(["win", "won", "prize"], label="spam", name="prizes"),
        KeywordLF(["team", "meeting"], label="ham", name="work"),
        RegexLF("minutes|lunch", label="ham", name="day"),
    ]
    model = WeakSupervisionClassifier(
        labeler=LabelingFunctions(rules),
        estimator=make_pipeline(CountVectorizer(), LogisticRegression()),
        use_votes=True,
    ).fit(TEXTS)
    again = by_file(model, tmp_path, trusted=[mentions_winning])
    assert again.predict_proba(TEXTS).tobytes() == model.predict_proba(TEXTS).tobytes()
    assert str(again.report(TEXTS)) == str(model.report(TEXTS))
    model.set_params(labeler=None)
    assert set(untrusted_of(model)) == {
        *own(
            WeakSupervisionClassifier, LabelModelClassifier, LabelingFunctions, KeywordLF, RegexLF
        ),
        *own(type(mentions_winning)),
        f"{__name__}.mentions_winning",
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["strings", "numbers"])
def test_a_tuned_classifier_comes_back(kind, tmp_path):
    L, y = votes_of(kind)
    L = L[list("abcde")]
    model = TunedAbstainClassifier(MajorityVoteClassifier(), precision=0.6, confidence=None).fit(
        L, y
    )
    again = by_file(model, tmp_path)
    assert again.predict(L).tolist() == model.predict(L).tolist()
    assert again.curve_.keys() == model.curve_.keys()
    assert again.curve_.bound.tobytes() == model.curve_.bound.tobytes()
    assert untrusted_of(model) == own(TunedAbstainClassifier, MajorityVoteClassifier)


@pytest.mark.slow
def test_a_multilabel_classifier_comes_back(tmp_path):
    X = [[{"sport"}, {"sport", "law"}, ["sport"]], [{"law"}, None, ["law"]], [set(), {"sport"}, []]]
    model = MultilabelClassifier(MajorityVoteClassifier(), labels=["sport", "law"]).fit(X)
    again = by_file(model, tmp_path)
    assert again.classes_.tolist() == ["sport", "law"]
    assert list(again.label_models_) == ["sport", "law"]
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert untrusted_of(model) == own(MultilabelClassifier, MajorityVoteClassifier)


@pytest.mark.slow
def test_a_pipeline_is_kept_by_skops(tmp_path):
    rules = [
        KeywordLF([word], label=label)
        for word, label in [("win", "spam"), ("won", "spam"), ("the", "ham")]
    ]
    model = make_pipeline(LabelingFunctions(rules), MajorityVoteClassifier()).fit(TEXTS)
    assert untrusted_of(model) == own(KeywordLF, LabelingFunctions, MajorityVoteClassifier)
    assert by_skops(model).predict_proba(TEXTS).tobytes() == model.predict_proba(TEXTS).tobytes()


def test_a_copy_shares_the_arrays_of_its_original():
    L, _ = votes_of("numbers")
    model = LabelModelClassifier().fit(L[list("abcde")])
    assert copy.copy(model).vote_model_.mu is model.vote_model_.mu


def test_a_parameter_that_came_later_has_its_default():
    state = LabelModelClassifier(lr=0.5).__getstate__()
    del state["tempering"]
    earlier = LabelModelClassifier.__new__(LabelModelClassifier)
    earlier.__setstate__(state)
    assert earlier.get_params() == LabelModelClassifier(lr=0.5).get_params()
