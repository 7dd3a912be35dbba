"""The training loop: optimizers, schedules, stopping, and what it reports."""

import logging

import numpy as np
import pytest
import torch
from helpers import make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import make_label_matrix

OPTIMIZERS = [
    "sgd",
    "adam",
    "adamax",
    torch.optim.SGD,
    torch.optim.RMSprop,
    torch.optim.AdamW,
    torch.optim.NAdam,
    torch.optim.Adagrad,
    torch.optim.Adadelta,
    torch.optim.Rprop,
    torch.optim.ASGD,
    torch.optim.LBFGS,
]


# Optimizers ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_every_optimizer_lowers_the_loss(optimizer, binary):
    model = LabelModelClassifier(optimizer=optimizer, lr=1e-3, n_epochs=20).fit(binary[0])
    assert model.loss_ < model.loss_curve_[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "optimizer", "params"),
    [
        ("sgd", torch.optim.SGD, {}),
        ("sgd", torch.optim.SGD, {"l2": 0.1}),
        ("sgd", torch.optim.SGD, {"l2": 0.1, "optimizer_params": {"momentum": 0.9}}),
        ("adam", torch.optim.Adam, {}),
        ("adamax", torch.optim.Adamax, {}),
    ],
)
def test_names_stand_for_the_optimizers_of_torch_to_the_bit(name, optimizer, params, binary):
    named = LabelModelClassifier(optimizer=name, **params).fit(binary[0])
    given = LabelModelClassifier(optimizer=optimizer, **params).fit(binary[0])
    assert_array_equal(named.loss_curve_, given.loss_curve_)
    assert_array_equal(named.mu_, given.mu_)


def test_sgd_has_no_momentum_unless_asked_for(binary):
    mu = [
        LabelModelClassifier(optimizer_params=params).fit(binary[0]).mu_
        for params in (None, {"momentum": 0.0}, {"momentum": 0.9})
    ]
    assert_array_equal(mu[0], mu[1])
    assert np.abs(mu[0] - mu[2]).max() > 1e-3


def test_optimizer_params_reach_the_optimizer(binary):
    seen = {}

    class Watched(torch.optim.Adam):
        def step(self, closure=None):
            seen.update(self.defaults)
            return super().step(closure)

    params = {"betas": (0.5, 0.6), "eps": 1e-3}
    LabelModelClassifier(optimizer=Watched, optimizer_params=params, lr=0.02, l2=0.3).fit(binary[0])
    assert {"lr": 0.02, "weight_decay": 0.3, **params}.items() <= seen.items()


def test_an_optimizer_that_evaluates_the_loss_often_gets_far_in_an_epoch(binary):
    many = LabelModelClassifier(n_epochs=3000, lr=0.1).fit(binary[0])
    few = LabelModelClassifier(optimizer=torch.optim.LBFGS, lr=1, n_epochs=20).fit(binary[0])
    assert few.loss_ <= many.loss_ + 1e-9


def test_l2_pulls_towards_the_start(binary):
    start = LabelModelClassifier(n_epochs=0).fit(binary[0]).mu_
    free, held = (
        LabelModelClassifier(l2=l2, lr=0.05, n_epochs=500, optimizer=NoDecay).fit(binary[0]).mu_
        for l2 in (0.0, 1.0)
    )
    assert np.abs(held - start).max() < np.abs(free - start).max()


class NoDecay(torch.optim.SGD):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, lr=lr)


def test_l2_changes_the_loss_by_the_squared_distance(binary):
    without, with_l2 = (
        LabelModelClassifier(init="snorkel", l2=l2, random_state=0, n_epochs=0).fit(binary[0])
        for l2 in (0.0, 0.5)
    )
    scale = np.random.RandomState(0).random_sample()
    prec_init, prior = 0.7, 0.5
    own = (binary[0][:, :, None] == [0, 1]).mean(axis=0) * prec_init / prior
    assert_allclose(
        with_l2.loss_ - without.loss_, 0.25 * ((1 - scale) ** 2 * own**2).sum(), rtol=1e-9
    )


# Epochs and stopping --------------------------------------------------------------------------------


def test_no_epoch_keeps_the_start(binary):
    model = LabelModelClassifier(n_epochs=0, n_em_steps=0).fit(binary[0])
    assert model.n_iter_ == 0
    assert model.loss_curve_.tolist() == []
    assert (
        model.loss_ == LabelModelClassifier(n_epochs=1, n_em_steps=0).fit(binary[0]).loss_curve_[0]
    )
    assert_allclose(model.lf_accuracies_, 0.7)


def test_the_loss_curve_holds_the_loss_before_each_epoch(binary):
    longer = LabelModelClassifier(n_epochs=5).fit(binary[0])
    for n_epochs in range(5):
        shorter = LabelModelClassifier(n_epochs=n_epochs).fit(binary[0])
        assert_allclose(shorter.loss_, longer.loss_curve_[n_epochs], rtol=1e-12)
        assert_allclose(shorter.loss_curve_, longer.loss_curve_[:n_epochs], rtol=1e-12)


def test_the_loss_falls(three_classes):
    curve = LabelModelClassifier().fit(three_classes[0]).loss_curve_
    assert (np.diff(curve) < 0).all()


@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_a_rate_at_which_the_loss_does_not_rise_is_kept(l2, binary):
    own = LabelModelClassifier(lr=0.05, l2=l2).fit(binary[0])
    torchs = LabelModelClassifier(lr=0.05, l2=l2, optimizer=torch.optim.SGD).fit(binary[0])
    assert_array_equal(own.loss_curve_, torchs.loss_curve_)
    assert_array_equal(own.mu_, torchs.mu_)


@pytest.mark.parametrize("n_lfs", [104, 150, 400])
def test_many_lfs_that_always_vote_are_learned_at_the_default_rate(n_lfs):
    data = make_label_matrix(2000, n_lfs, n_classes=2, coverage=1.0, random_state=0)
    model = LabelModelClassifier(dependencies=None, n_em_steps=0).fit(data.L)
    assert_allclose(model.lf_accuracies_, data.accuracies, atol=0.05)
    assert (np.diff(model.loss_curve_) < 1e-5 * model.loss_curve_[0]).all()


def test_without_tol_every_epoch_is_trained(binary):
    model = LabelModelClassifier(n_epochs=17).fit(binary[0])
    assert model.n_iter_ == 17
    assert model.converged_ is None


def test_tol_stops_at_the_first_epoch_that_changes_the_loss_by_less(binary):
    tol = 1e-3
    curve = LabelModelClassifier(n_epochs=500, lr=0.05).fit(binary[0]).loss_curve_
    model = LabelModelClassifier(n_epochs=500, lr=0.05, tol=tol).fit(binary[0])
    first = np.flatnonzero(np.abs(np.diff(curve)) <= tol * curve[0])[0]
    assert model.converged_ is True
    assert model.n_iter_ == first + 2 < 500
    assert_allclose(model.loss_curve_, curve[: first + 2], rtol=1e-12)


def test_a_tol_that_is_not_reached_warns(binary):
    message = (
        r"changed by more than tol=1e-12 of its start after 3 epochs; raise n_epochs, lr or tol"
    )
    with pytest.warns(ConvergenceWarning, match=message):
        model = LabelModelClassifier(n_epochs=3, tol=1e-12).fit(binary[0])
    assert model.converged_ is False
    assert model.n_iter_ == 3


def test_one_epoch_cannot_tell_whether_it_converged(binary):
    with pytest.warns(ConvergenceWarning):
        model = LabelModelClassifier(n_epochs=1, tol=1.0).fit(binary[0])
    assert model.converged_ is False


def test_fit_forgets_the_fit_before(binary, three_classes):
    model = LabelModelClassifier(n_epochs=3).fit(*three_classes).fit(binary[0])
    fresh = LabelModelClassifier(n_epochs=3).fit(binary[0])
    assert_array_equal(model.mu_, fresh.mu_)
    assert vars(model).keys() == vars(fresh).keys()


# Schedules ----------------------------------------------------------------------------------------


def rates(L, **parameters):
    """The learning rate of each epoch."""
    seen = []

    class Recorder(torch.optim.SGD):
        def step(self, closure=None):
            seen.append(self.param_groups[0]["lr"])
            return super().step(closure)

    LabelModelClassifier(optimizer=Recorder, lr=0.1, n_epochs=12, **parameters).fit(L)
    return np.array(seen)


SCHEDULES = [
    ("constant", {}, np.full(12, 0.1)),
    ("linear", {}, 0.1 * (1 - np.arange(12) / 12)),
    ("exponential", {}, 0.1 * 0.9 ** np.arange(12)),
    ("exponential", {"gamma": 0.5}, 0.1 * 0.5 ** np.arange(12)),
    ("step", {}, 0.1 * 0.9 ** (np.arange(12) // 5)),
    ("step", {"step_size": 2, "gamma": 0.5}, 0.1 * 0.5 ** (np.arange(12) // 2)),
    ("exponential", {"gamma": 0.5, "min_lr": 0.02}, np.maximum(0.02, 0.1 * 0.5 ** np.arange(12))),
    ("constant", {"warmup_steps": 4}, 0.1 * np.minimum(1, np.arange(12) / 4)),
    ("constant", {"warmup_percentage": 0.5}, 0.1 * np.minimum(1, np.arange(12) / 6)),
]


@pytest.mark.parametrize(("scheduler", "params", "expected"), SCHEDULES, ids=str)
def test_schedules(scheduler, params, expected, binary):
    seen = rates(binary[0], lr_scheduler=scheduler, lr_scheduler_params=params)
    assert_allclose(seen, expected, rtol=1e-12, atol=1e-17)


def test_warm_up_as_long_as_training(binary):
    for params in ({"warmup_steps": 12}, {"warmup_percentage": 1.0}):
        for scheduler in ("constant", "linear", "step"):
            seen = rates(binary[0], lr_scheduler=scheduler, lr_scheduler_params=params)
            assert_allclose(seen[1:], 0.1 * np.arange(1, 12) / 12, rtol=1e-12)


# Reporting ----------------------------------------------------------------------------------------


def test_nothing_is_printed(capfd, binary):
    model = LabelModelClassifier().fit(*binary)
    model.score(binary[0])
    assert capfd.readouterr() == ("", "")


def test_verbose_shows_a_progress_bar_with_the_loss(capfd, binary):
    LabelModelClassifier(verbose=1, n_epochs=20).fit(binary[0])
    out, err = capfd.readouterr()
    assert out == ""
    assert "20/20" in err
    assert "loss=" in err


def test_the_progress_bar_is_closed_when_training_fails(capfd):
    with pytest.raises(FloatingPointError):
        LabelModelClassifier(verbose=1, lr=1e8).fit(make_votes()[0])
    assert capfd.readouterr().err.endswith("\n")


@pytest.mark.parametrize(("log_freq", "epochs"), [(10, [10, 20]), (7, [7, 14, 21]), (30, [])])
def test_the_loss_is_logged_every_so_many_epochs(log_freq, epochs, caplog, binary):
    with caplog.at_level(logging.INFO, logger="sklearn_labelmodel"):
        model = LabelModelClassifier(log_freq=log_freq, n_epochs=25).fit(binary[0])
    assert {record.name for record in caplog.records} <= {"sklearn_labelmodel"}
    expected = [f"epoch {epoch}: loss {model.loss_curve_[epoch - 1]:.6g}" for epoch in epochs]
    assert [record.getMessage() for record in caplog.records] == expected


def test_a_library_configures_no_logging(binary):
    root = list(logging.getLogger().handlers)
    LabelModelClassifier().fit(binary[0])
    assert logging.getLogger().handlers == root
    assert logging.getLogger("sklearn_labelmodel").level == logging.NOTSET


# Many symbols -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many_symbols():
    """Votes of so many symbols, each so seldom, that their co-occurrences are kept sparse."""
    rng = np.random.default_rng(0)
    L = np.full((1500, 60), -1)
    for row in L:
        row[rng.choice(60, 4, replace=False)] = rng.integers(150, size=4)
    return L


def test_many_symbols_train_without_a_warning(many_symbols):
    model = LabelModelClassifier(n_epochs=3).fit(many_symbols)
    assert len(model.symbols_) > 4096
    assert model.loss_ < model.loss_curve_[0]


def test_the_form_of_the_objective_does_not_show_in_the_result(monkeypatch, three_classes):
    from sklearn_labelmodel._learning import completion as _objective

    model = LabelModelClassifier(l2=0.1, optimizer_params={"momentum": 0.9})
    answers = []
    for most in (10**9, -1):
        monkeypatch.setattr(_objective, "DENSE_SYMBOLS", most)
        answers.append(clone(model).fit(three_classes[0]))
    assert_allclose(answers[0].mu_, answers[1].mu_, rtol=1e-10)
    assert_allclose(answers[0].loss_curve_, answers[1].loss_curve_, rtol=1e-8)


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_devices_that_are_there(device, binary):
    expected = LabelModelClassifier().fit(binary[0]).mu_
    assert_allclose(LabelModelClassifier(device=device).fit(binary[0]).mu_, expected, atol=1e-6)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "auto"])
@pytest.mark.parametrize("n_classes", [2, 40])
def test_cuda_equals_cpu(device, n_classes):
    L, _ = make_votes(500, 8, n_classes)
    cpu, gpu = (LabelModelClassifier(device=name, l2=0.01).fit(L) for name in ("cpu", device))
    assert_allclose(gpu.mu_, cpu.mu_, rtol=1e-9, atol=1e-12)
    assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=1e-9)
    assert isinstance(gpu.mu_, np.ndarray)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_equals_cpu_for_many_symbols(many_symbols):
    cpu, gpu = (LabelModelClassifier(device=name).fit(many_symbols) for name in ("cpu", "cuda"))
    assert_allclose(gpu.mu_, cpu.mu_, rtol=1e-9, atol=1e-12)
