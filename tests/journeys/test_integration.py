"""At home in scikit-learn, pandas, polars and joblib."""

import os
import pickle
import subprocess
import sys
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
import torch
from helpers import assert_same_model, make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklearn_labelmodel
from sklearn_labelmodel import LabelModelClassifier

NAMES = ["keyword", "length", "sender", "links", "crowd"]


@pytest.fixture(scope="module")
def frame(binary):
    return pd.DataFrame(binary[0], columns=NAMES)


# Model selection ------------------------------------------------------------------------------------

VALUES = {
    "n_epochs": [5, 20],
    "lr": [0.01, 0.05],
    "l2": [0.0, 0.1],
    "optimizer": ["sgd", "adam", "adamax", torch.optim.RMSprop],
    "optimizer_params": [None, {"weight_decay": 0.01}],
    "lr_scheduler": ["constant", "linear", "exponential", "step"],
    "lr_scheduler_params": [None, {"warmup_steps": 2}],
    "prec_init": [0.7, [0.6, 0.7, 0.8, 0.7, 0.7]],
    "init": ["precision", "snorkel"],
    "mu_eps": [None, 0.2],
    "class_balance": [None, [0.4, 0.6], {0: 0.3, 1: 0.7}],
    "classes": [None, [0, 1, 2]],
    "abstain": [-1, None],
    "scores": [None, {0: 1}],
    "vote_meanings": [None, {-1: [0, 1]}],
    "gold": ["anchor", "prior", "ignore"],
    "n_em_steps": [0, 2],
    "tempering": [0, 1.0],
    "dependencies": [None, "auto", [(0, 3)]],
    "tol": [None, 0.9],
    "random_state": [0, 1],
    "device": ["cpu", "auto"],
    "verbose": [0, True],
    "log_freq": [1, 10],
}
SAME_LABELS = {"device", "verbose", "log_freq"}
HEEDED_WITH = {
    "random_state": {"init": "snorkel"},
    "scores": {"abstain": None},
    "vote_meanings": {"abstain": None},
}


def test_every_parameter_has_values():
    assert VALUES.keys() == LabelModelClassifier().get_params().keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", VALUES)
def test_every_value_of_a_parameter_gives_labels_of_its_own(name, binary):
    L, y = binary
    gold = np.where(np.arange(len(y)) < 50, y, -1)
    base = {"n_epochs": 20, **HEEDED_WITH.get(name, {})}
    models = [LabelModelClassifier(**(base | {name: value})) for value in VALUES[name]]
    answers = {model.fit(L, gold).predict_proba(L).round(6).tobytes() for model in models}
    assert len(answers) == (1 if name in SAME_LABELS else len(models))


@pytest.mark.slow
def test_grid_search_in_two_processes_finds_what_one_process_finds(binary):
    names = ["optimizer", "prec_init", "class_balance", "dependencies"]
    grid = [{name: VALUES[name]} for name in names]
    one, two = (
        GridSearchCV(
            LabelModelClassifier(n_epochs=5, gold="ignore"),
            grid,
            scoring="neg_log_loss",
            cv=2,
            n_jobs=n_jobs,
            error_score="raise",
        ).fit(*binary)
        for n_jobs in (1, 2)
    )
    scores = one.cv_results_["mean_test_score"]
    assert_allclose(two.cv_results_["mean_test_score"], scores, rtol=1e-12)
    assert len(np.unique(scores)) > len(names)
    assert two.best_params_ == one.best_params_


def test_grid_search_without_labels_is_scored_by_the_likelihood(binary):
    L, _ = binary
    grid = {"n_epochs": [0, 50], "prec_init": [0.6, 0.8]}
    search = GridSearchCV(LabelModelClassifier(), grid, cv=KFold(2)).fit(L)
    folds = [(L[100:], L[:100]), (L[:100], L[100:])]
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        model = LabelModelClassifier(**params)
        expected = np.mean([model.fit(train).score(test) for train, test in folds])
        assert score == pytest.approx(expected, rel=1e-12)


def test_grid_search_tunes_with_few_gold_labels_that_fit_does_not_use(binary):
    L, y = binary
    gold = np.where(np.arange(len(y)) < 40, y, -1)
    split = PredefinedSplit(np.where(gold == -1, -1, 0))
    search = GridSearchCV(LabelModelClassifier(), {"lr": [1e-4, 0.01]}, cv=split).fit(L, gold)
    unlabelled = LabelModelClassifier(**search.best_params_).fit(L[40:])
    assert search.best_score_ == unlabelled.score(L[:40], y[:40])


def halves(L, y):
    """Train and test rows of both folds, as cross-validation with cv=2 cuts them."""
    return StratifiedKFold(2).split(L, y)


MEASURES = {
    "accuracy": lambda model, L, y: np.mean(model.predict(L) == y),
    "f1": lambda model, L, y: f1_score(y, model.predict(L)),
    "neg_log_loss": lambda model, L, y: -log_loss(y, model.predict_proba(L)),
    "roc_auc": lambda model, L, y: roc_auc_score(y, model.predict_proba(L)[:, 1]),
}


@pytest.mark.parametrize("scoring", MEASURES)
def test_scorers_of_scikit_learn(scoring, binary):
    L, y = binary
    scores = cross_val_score(LabelModelClassifier(), L, y, cv=2, scoring=scoring)
    models = [(LabelModelClassifier().fit(L[a], y[a]), b) for a, b in halves(L, y)]
    assert_allclose(scores, [MEASURES[scoring](m, L[b], y[b]) for m, b in models], rtol=1e-12)


# Composition ----------------------------------------------------------------------------------------


def test_pipeline(binary):
    L, y = binary
    to_float = FunctionTransformer(np.asarray, kw_args={"dtype": np.float32})
    pipeline = make_pipeline(to_float, LabelModelClassifier()).fit(L, y)
    assert_array_equal(pipeline.predict_proba(L), LabelModelClassifier().fit(L, y).predict_proba(L))
    assert_allclose(pipeline.fit(L).score(L), LabelModelClassifier().fit(L).score(L), rtol=1e-12)


def test_parameters_of_a_step_of_a_pipeline(binary):
    pipeline = Pipeline([("model", LabelModelClassifier())]).set_params(model__n_epochs=3)
    assert pipeline.fit(binary[0]).named_steps["model"].n_iter_ == 3


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_mends_probabilities_that_are_too_sure(method):
    L, y = make_votes(1000, seed=3)
    L = np.repeat(L, 3, axis=1)
    model = LabelModelClassifier(dependencies=None, tempering=0, gold="ignore")
    calibrated = CalibratedClassifierCV(model, method=method, cv=2).fit(L[:500], y[:500])
    sure, mended = (m.predict_proba(L[500:]) for m in (model.fit(L[:500]), calibrated))
    assert log_loss(y[500:], mended) < 0.9 * log_loss(y[500:], sure)


def test_soft_voting_is_the_mean_of_the_models(binary):
    L, y = binary
    models = [LabelModelClassifier(n_epochs=5), LabelModelClassifier(gold="ignore")]
    voting = VotingClassifier([("a", models[0]), ("b", models[1])], voting="soft").fit(L, y)
    mean = np.mean([model.fit(L, y).predict_proba(L) for model in models], axis=0)
    assert_allclose(voting.predict_proba(L), mean, rtol=1e-12)


def test_metadata_routing_brings_the_weights_to_the_score(binary):
    L, y = binary
    counted = np.arange(200) < 150
    expected = [
        LabelModelClassifier().fit(L[a], y[a]).score(L[b][counted[b]], y[b][counted[b]])
        for a, b in halves(L, y)
    ]
    with sklearn.config_context(enable_metadata_routing=True):
        model = LabelModelClassifier().set_score_request(sample_weight=True)
        model.set_fit_request(sample_weight=False)
        scores = cross_val_score(model, L, y, cv=2, params={"sample_weight": counted})
        search = GridSearchCV(model, {"n_epochs": [100]}, cv=2).fit(L, y, sample_weight=counted)
    assert_allclose(scores, expected, rtol=1e-12)
    assert search.best_score_ == pytest.approx(np.mean(expected), rel=1e-12)
    assert not np.array_equal(scores, cross_val_score(LabelModelClassifier(), L, y, cv=2))


def test_a_pipeline_predicts_under_metadata_routing(binary):
    L, _ = binary
    with sklearn.config_context(enable_metadata_routing=True):
        labels = make_pipeline(LabelModelClassifier()).fit(L).predict(L)
    assert_array_equal(labels, LabelModelClassifier().fit(L).predict(L))


def test_the_only_metadata_are_sample_weights():
    requests = LabelModelClassifier().get_metadata_routing()
    requested = {
        name: dict(getattr(requests, name).requests) for name in ("fit", "predict", "score")
    }
    weights = {"sample_weight": None}
    assert requested == {"fit": weights, "predict": {}, "score": weights}


def test_an_end_model_is_trained_on_what_the_label_model_predicts():
    X, y = load_breast_cancer(return_X_y=True)
    thresholds = np.median(X[:, :7], axis=0)
    L = np.where(np.abs(X[:, :7] / thresholds - 1) < 0.05, -1, (X[:, :7] < thresholds).astype(int))
    labels = LabelModelClassifier().fit(L).predict(L)
    end_model = LogisticRegression().fit((X - X.mean(axis=0)) / X.std(axis=0), labels)
    assert end_model.score((X - X.mean(axis=0)) / X.std(axis=0), y) > 0.85


def test_it_is_a_classifier():
    assert is_classifier(LabelModelClassifier())


# Copies -----------------------------------------------------------------------------------------------


def test_clone_keeps_parameters_and_forgets_the_fit(binary):
    parameters = {"n_epochs": 7, "classes": [1, 0], "optimizer": torch.optim.RMSprop}
    copy = clone(LabelModelClassifier(**parameters).fit(binary[0]))
    assert parameters.items() <= copy.get_params().items()
    assert not hasattr(copy, "mu_")


def test_repr_shows_what_differs_from_the_default():
    assert repr(LabelModelClassifier(lr=0.5)) == "LabelModelClassifier(lr=0.5)"


@pytest.mark.parametrize("strings", [False, True])
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickle(protocol, strings, binary):
    L, _y = binary
    votes = (
        np.where(L == -1, None, np.array(["no", "yes", None], dtype=object)[L]) if strings else L
    )
    model = LabelModelClassifier(optimizer=torch.optim.RMSprop).fit(votes)
    loaded = pickle.loads(pickle.dumps(model, protocol))
    assert_same_model(loaded, model, rtol=0)
    assert_array_equal(loaded.predict_proba(votes), model.predict_proba(votes))


def test_joblib_dump_read_as_a_memory_map(tmp_path, binary):
    model = LabelModelClassifier().fit(*binary)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert isinstance(loaded.mu_, np.memmap)
    assert_array_equal(loaded.predict_proba(binary[0]), model.predict_proba(binary[0]))
    assert loaded.score(binary[0]) == model.score(binary[0])


# Inputs -----------------------------------------------------------------------------------------------


def test_a_read_only_memory_map(tmp_path, binary):
    np.save(tmp_path / "L.npy", binary[0])
    L = np.load(tmp_path / "L.npy", mmap_mode="r")
    assert_same_model(LabelModelClassifier().fit(L), LabelModelClassifier().fit(binary[0]), rtol=0)


def test_read_only_sparse_votes(binary):
    rows, columns = np.nonzero(binary[0] != -1)
    L = sp.csr_array((binary[0][rows, columns], (rows, columns)), shape=binary[0].shape)
    for array in (L.data, L.indices, L.indptr):
        array.flags.writeable = False
    assert_same_model(LabelModelClassifier().fit(L), LabelModelClassifier().fit(binary[0]))


def test_gold_labels_and_parameters_are_never_changed(binary):
    L, y = np.array(binary[0]), binary[1].astype(float)
    y[50:] = np.nan
    parameters = {
        "optimizer_params": {"momentum": 0.9},
        "lr_scheduler_params": {"gamma": 0.5},
        "class_balance": {1: 0.5, 0: 0.5},
        "prec_init": np.full(5, 0.7),
        "classes": np.array([0, 1]),
    }
    before = joblib.hash((L, y, parameters))
    model = LabelModelClassifier(**parameters).fit(L, y)
    model.predict(L)
    model.score(L, y)
    assert joblib.hash((L, y, parameters)) == before
    assert all(model.get_params()[name] is value for name, value in parameters.items())


def test_predict_does_not_change_the_model(binary):
    model = LabelModelClassifier().fit(*binary)
    before = joblib.hash(vars(model))
    model.predict(binary[0])
    model.score(binary[0])
    assert joblib.hash(vars(model)) == before


# DataFrames -------------------------------------------------------------------------------------------


def test_lf_names_are_feature_names(frame):
    model = LabelModelClassifier().fit(frame)
    assert model.feature_names_in_.tolist() == NAMES
    assert model.n_features_in_ == 5


def test_without_names_there_is_no_feature_names_in(binary):
    assert not hasattr(LabelModelClassifier().fit(binary[0]), "feature_names_in_")


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_reordered_columns_are_refused(method, frame):
    model = LabelModelClassifier().fit(frame)
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        getattr(model, method)(frame[NAMES[::-1]])


def test_renamed_columns_are_refused(frame):
    model = LabelModelClassifier().fit(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"links": "urls"}))


def test_an_array_after_a_data_frame_warns_as_in_scikit_learn(frame):
    model = LabelModelClassifier().fit(frame)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(frame.to_numpy())


def test_a_polars_data_frame_has_names_too(frame):
    model = LabelModelClassifier().fit(pl.DataFrame(frame.to_dict("list")))
    assert model.feature_names_in_.tolist() == NAMES
    assert_same_model(model, LabelModelClassifier().fit(frame), rtol=0)
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        model.predict(pl.DataFrame(frame.to_dict("list")).select(NAMES[::-1]))


def test_the_index_of_a_data_frame_means_nothing_beside_another(frame, binary):
    moved = frame.set_index(np.arange(len(frame))[::-1])
    y = pd.Series(binary[1], index=np.arange(len(frame)) + 1)
    model = LabelModelClassifier().fit(moved, y)
    assert_same_model(model, LabelModelClassifier().fit(frame, binary[1]), rtol=0)


@pytest.mark.parametrize("y_dtype", [object, "string", "category"])
@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_string_labels(dtype, y_dtype, binary):
    L, y = binary
    words = np.array(["ham", "spam", None], dtype=object)
    votes = pd.DataFrame(words[L]).astype(dtype)
    gold = pd.Series(np.where(np.arange(len(y)) < 50, words[y], None)).astype(y_dtype)
    model = LabelModelClassifier().fit(votes, gold)
    expected = LabelModelClassifier().fit(L, np.where(np.arange(len(y)) < 50, y, -1))
    assert model.classes_.tolist() == ["ham", "spam"]
    assert_allclose(model.mu_, expected.mu_, rtol=1e-12)
    assert model.predict(votes).tolist() == words[expected.predict(L)].tolist()
    assert model.score(votes, gold) == expected.score(L[:50], y[:50])
    assert model.score(votes, words[y]) == expected.score(L, y)


def test_nullable_columns_are_votes(binary):
    L = binary[0]
    nullable = pd.DataFrame(np.where(L == -1, np.nan, L)).astype("Int64")
    nullable[1] = nullable[1].astype("boolean")
    assert_same_model(
        LabelModelClassifier().fit(nullable), LabelModelClassifier().fit(L), rtol=1e-12
    )


def test_polars_gold_labels(binary):
    L, y = binary
    gold = pl.Series([int(label) if i < 40 else None for i, label in enumerate(y)])
    expected = LabelModelClassifier().fit(L, np.where(np.arange(len(y)) < 40, y, -1))
    assert_same_model(LabelModelClassifier().fit(L, gold), expected, rtol=1e-12)


# Processes, threads, globals ----------------------------------------------------------------------------


def test_threads_that_fit_at_once_get_what_one_would():
    data = [make_votes(300, 6, k, seed=seed) for seed in range(4) for k in (2, 4)]

    def fit(votes):
        return LabelModelClassifier(init="snorkel", random_state=0).fit(*votes)

    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(fit, data))
    for model, votes in zip(at_once, data, strict=True):
        assert_same_model(model, fit(votes), rtol=0)


def test_warning_filters_stay_as_they_are(binary):
    before = list(warnings.filters)
    LabelModelClassifier(tol=1.0).fit(*binary).score(binary[0])
    assert warnings.filters == before


def test_grad_mode_and_threads_of_torch_stay_as_they_are(binary):
    before = torch.is_grad_enabled(), torch.get_num_threads(), torch.get_default_dtype()
    LabelModelClassifier().fit(*binary)
    assert (torch.is_grad_enabled(), torch.get_num_threads(), torch.get_default_dtype()) == before


def test_fit_within_inference_mode(binary):
    with torch.inference_mode():
        inside = LabelModelClassifier().fit(binary[0])
    assert_array_equal(inside.mu_, LabelModelClassifier().fit(binary[0]).mu_)


def test_float32_as_the_default_dtype_of_torch_changes_nothing(binary):
    expected = LabelModelClassifier().fit(binary[0]).mu_
    torch.set_default_dtype(torch.float16)
    try:
        assert_array_equal(LabelModelClassifier().fit(binary[0]).mu_, expected)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.slow
def test_importing_unpickling_and_predicting_need_neither_torch_nor_matplotlib(tmp_path, binary):
    L, y = binary
    texts = np.where(L == -1, None, np.array(["no", "yes", None], dtype=object)[L])
    models = {
        "numbers": LabelModelClassifier().fit(L, y),
        "texts": LabelModelClassifier().fit(texts),
    }
    joblib.dump(models, tmp_path / "models.joblib")
    np.save(tmp_path / "L.npy", L)
    script = """
        import sys

        class Refuse:
            def find_spec(self, name, path=None, target=None):
                if name in {"torch", "matplotlib", "tqdm", "polars"}:
                    raise ImportError(name)

        sys.meta_path.insert(0, Refuse())
        import sklearn_labelmodel
        import joblib, numpy as np
        models = joblib.load("models.joblib")
        L = np.load("L.npy")
        np.save("proba.npy", models["numbers"].predict_proba(L))
        models["numbers"].score(L), models["numbers"].score(L, L[:, 0])
        assert set(models["texts"].classes_) == {"no", "yes"}
    """
    root = Path(sklearn_labelmodel.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=tmp_path, env=environment, check=True,
    )  # fmt: skip
    assert_array_equal(np.load(tmp_path / "proba.npy"), models["numbers"].predict_proba(L))


def test_public_names():
    assert "LabelModelClassifier" in sklearn_labelmodel.__all__
    assert all(hasattr(sklearn_labelmodel, name) for name in sklearn_labelmodel.__all__)
    assert sklearn_labelmodel.__version__
