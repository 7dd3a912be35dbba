"""Files that earlier versions wrote load ever after, with the same bits."""

import json

import numpy as np
import pytest
from write_models import FOLDER, RECORDS, RULES, in_hex, votes_of

import sklearn_labelmodel
from sklearn_labelmodel import LabelingFunctions
from sklearn_labelmodel._utils.keeping import FORMAT

EXPECTED = [
    pytest.param(folder / f"{name}.skops", expected, id=f"{folder.name}-{name}")
    for folder in sorted(FOLDER.glob("format_*"))
    for name, expected in json.loads((folder / "expected.json").read_text()).items()
]


@pytest.mark.parametrize(("path", "expected"), EXPECTED)
def test_a_model_of_an_earlier_version_has_the_same_bits(path, expected):
    model = sklearn_labelmodel.load(path)
    assert in_hex(model.vote_model_.table.log_p) == expected["log_p"]
    assert in_hex(model.mu_) == expected["mu"]
    assert in_hex(model.lf_accuracies_) == expected["lf_accuracies"]
    assert [str(symbol) for symbol in model.symbols_.tolist()] == expected["symbols"]


@pytest.mark.parametrize(("path", "expected"), EXPECTED)
def test_a_model_of_an_earlier_version_predicts_the_same(path, expected):
    model = sklearn_labelmodel.load(path)
    L, _ = votes_of(numbers=path.stem.endswith("numbers"))
    proba = model.predict_proba(L if model.scores else L.drop(columns="score"))
    before = [float.fromhex(number) for number in expected["proba"]]
    # The last bits of NumPy's exponentials and sums differ between processors.
    np.testing.assert_allclose(proba.ravel(), before, rtol=1e-14)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("format_*/rules.skops")), ids=str)
def test_rules_of_an_earlier_version_vote_the_same(path):
    rules = sklearn_labelmodel.load(path)
    assert str(rules.transform(RECORDS)) == str(LabelingFunctions(RULES).transform(RECORDS))


def test_there_are_files_of_every_format():
    formats = {folder.name for folder in FOLDER.glob("format_*")}
    assert formats == {f"format_{number}" for number in range(1, FORMAT + 1)}
