"""What Snorkel 0.10.0 learned, recorded in reference/, against ours with the documented settings."""

import json

import numpy as np
import pytest
import torch
from helpers import REFERENCE
from numpy.testing import assert_allclose

from sklearn_labelmodel import LabelModelClassifier


def load(name):
    with np.load(REFERENCE / f"{name}.npz") as arrays:
        return json.loads((REFERENCE / f"{name}.json").read_text()), dict(arrays)


CASES = []
for file in ["snorkel_0_10_0", "snorkel_0_10_0_more"]:
    cases, recorded = load(file)
    CASES += [
        pytest.param(case, {key: recorded[f"{name}__{key}"] for key in (
            "L", "y", "conditional_probs", "weights", "class_balance", "proba"
        )}, id=name)
        for name, case in cases.items()
    ]  # fmt: skip
LEARNING_RATES = json.loads((REFERENCE / "snorkel_0_10_0_lr.json").read_text())


def our_parameters(settings):
    """Snorkel's fit settings as parameters of LabelModelClassifier."""
    ours = {"init": "snorkel", "gold": "prior", **settings}
    nested = ours.pop("optimizer_config", {})
    ours["optimizer_params"] = {"momentum": 0.9} if ours.get("optimizer", "sgd") == "sgd" else {}
    for params in nested.values():
        ours["optimizer_params"].update(params)
    scheduler = dict(ours.pop("lr_scheduler_config", {}))
    scheduler.pop("warmup_unit", None)
    for key in ["exponential_config", "step_config"]:
        scheduler.update(scheduler.pop(key, {}))
    ours["lr_scheduler_params"] = scheduler
    return ours


def test_all_cases_are_there():
    assert len(CASES) == 21 + 46


@pytest.mark.parametrize(("case", "snorkel"), CASES)
def test_equals_snorkel(case, snorkel):
    model = LabelModelClassifier(
        **our_parameters(case["settings"]),
        random_state=case["seed"],
        classes=range(case["cardinality"]),
    )
    model.fit(snorkel["L"], snorkel["y"] if case["y_dev"] else None)
    proba = model.predict_proba(snorkel["L"][: len(snorkel["proba"])])
    assert_allclose(model.conditional_probs_, snorkel["conditional_probs"], rtol=0, atol=1e-5)
    assert_allclose(model.lf_accuracies_, snorkel["weights"], rtol=0, atol=1e-4)
    assert_allclose(model.class_prior_, snorkel["class_balance"], rtol=0, atol=1e-6)
    assert_allclose(proba, snorkel["proba"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", LEARNING_RATES.values(), ids=LEARNING_RATES.keys())
def test_learning_rates_are_those_of_snorkel(case, binary):
    rates = []
    parameters = our_parameters(case["settings"])
    base = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamax": torch.optim.Adamax}

    class Recorder(base[parameters.get("optimizer", "sgd")]):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    LabelModelClassifier(**{**parameters, "optimizer": Recorder}).fit(binary[0])
    assert_allclose(rates, case["lr"], rtol=1e-12, atol=1e-15)
