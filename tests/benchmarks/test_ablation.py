"""The ablation runner, and the page of constants that it fills."""

import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import make_label_matrix

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("the benchmarks are in the checkout only", allow_module_level=True)
sys.path.append(str(ROOT))  # last: the installed package goes first

from benchmarks.quality import ablation  # noqa: E402

PAGE = ROOT / "docs" / "guide" / "constants.rst"


@pytest.fixture
def matrix():
    return make_label_matrix(300, 6, random_state=0).L


def proba(kind, L, **settings):
    return kind(**settings).fit(L).predict_proba(L)


def test_the_recipe_as_it_is_gives_the_label_model(matrix):
    kind = ablation.variant(ablation.without())
    np.testing.assert_array_equal(proba(kind, matrix), proba(LabelModelClassifier, matrix))


@pytest.mark.parametrize("name", ["match_shares", "weigh_copies", "em"])
def test_a_learner_left_out_is_missed(name, matrix):
    matrix = np.column_stack([matrix, matrix[:, 0]])
    settings = {"class_balance": [0.3, 0.7]}
    kind = ablation.variant(ablation.without(name))
    difference = proba(kind, matrix, **settings) - proba(LabelModelClassifier, matrix, **settings)
    assert np.abs(difference).max() > 1e-3


@pytest.mark.parametrize("constant", ablation.CONSTANTS)
def test_a_constant_is_changed_wherever_it_stands_and_put_back(constant):
    modules = [import_module(f"sklearn_labelmodel.{name}") for name in ablation.CONSTANTS[constant]]
    before = getattr(modules[0], constant)
    with ablation.changed(constant, 2.0):
        assert all(getattr(module, constant) == 2 * before for module in modules)
    assert all(getattr(module, constant) == before for module in modules)


def test_the_page_lists_every_constant_with_its_value():
    listed = re.findall(r"\* - ``(\w+)``\n     - ([\d.]+)\n", PAGE.read_text(encoding="utf-8"))
    values = {
        name: getattr(import_module(f"sklearn_labelmodel.{modules[0]}"), name)
        for name, modules in ablation.CONSTANTS.items()
    }
    assert {name: float(value) for name, value in listed} == values
