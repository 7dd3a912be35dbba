import inspect
import re
import tomllib
from pathlib import Path

import pytest

import sklearn_labelmodel
from sklearn_labelmodel import LabelModelClassifier

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNORKEL_PAGE = (ROOT / "docs" / "guide" / "snorkel.rst").read_text(encoding="utf-8")
pytestmark = pytest.mark.docs
COMMANDS = [
    "pip install -c constraints.txt . && python examples/label_breast_cancer.py",
    'pip install -c constraints.txt ".[test]" && pytest',
]
# What the guide's table must say beside each name of Snorkel's.
SNORKELS = {
    "cardinality": "`classes=range(k)`",
    "verbose": "the logger",
    "device": "`device=",
    "L_train": "`fit(L)`",
    "Y_dev": "`fit(L, y)`",
    "class_balance": "`class_balance=",
    "progress_bar": "`verbose=1`",
    "n_epochs": "the same",
    "lr": "the same",
    "l2": "the same",
    "optimizer": "`optimizer=` the same",
    "optimizer_config": "`optimizer_params=",
    "sgd_config": "`optimizer_params=",
    "momentum": '{"momentum": 0.9}',
    "adam_config": "`optimizer_params=",
    "adamax_config": "`optimizer_params=",
    "amsgrad": "`optimizer_params=",
    "betas": "`optimizer_params=",
    "eps": "`optimizer_params=",
    "lr_scheduler": "`lr_scheduler=` the same",
    "lr_scheduler_config": "`lr_scheduler_params=",
    "warmup_steps": "`lr_scheduler_params=",
    "warmup_percentage": "`lr_scheduler_params=",
    "min_lr": "`lr_scheduler_params=",
    "warmup_unit": "none",
    "exponential_config": "`lr_scheduler_params=",
    "step_config": "`lr_scheduler_params=",
    "gamma": '"gamma": 0.9',
    "step_size": '"step_size": 5',
    "prec_init": "`prec_init`",
    "seed": "`random_state`",
    "log_freq": "`log_freq`",
    "mu_eps": "`mu_eps`",
    "predict": "`predict(L)`",
    "return_probs": "`predict_proba(L)`",
    "tie_break_policy": "`probs_to_preds(",
    "predict_proba": "`predict_proba(L)`",
    "score": "`score(L, y)`",
    "metrics": "`sklearn.metrics`",
    "get_conditional_probs": "`conditional_probs_`",
    "get_weights": "`lf_accuracies_`",
    "save": "`model.save(",
    "load": "`sklearn_labelmodel.load(",
    "eval": "none",
}


def fenced(language):
    """Code blocks of this language, each with the text block that follows it at once, if one does."""
    pattern = rf"^```{language}\n(.*?)^```\n(?:```text\n(.*?)^```\n)?"
    return re.findall(pattern, README, flags=re.MULTILINE | re.DOTALL)


def pinned(path):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize(("code", "output"), fenced("python"))
def test_code_block_prints_what_the_readme_says(code, output, capsys):
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == output


def test_the_readme_has_a_code_block_of_output():
    assert any(output for _, output in fenced("python"))


def test_the_readme_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 150
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_the_commands_are_two():
    lines = [line for block, _ in fenced("") for line in block.splitlines()]
    assert [line for line in lines if line.startswith("pip install")] == COMMANDS


TABLE = [
    [cell.replace("``", "`") for cell in row]
    for row in re.findall(r"^   \* - (.*)\n     - (.*)$", SNORKEL_PAGE, flags=re.MULTILINE)
]


@pytest.mark.parametrize(("theirs", "ours"), SNORKELS.items(), ids=SNORKELS)
def test_the_table_says_what_became_of_a_name_of_snorkels(theirs, ours):
    beside = next(here for there, here in TABLE if re.search(rf"\b{theirs}\b", there))
    assert ours in beside


def test_the_guide_says_which_parameters_snorkel_does_not_have():
    in_table = {name for ours in SNORKELS.values() for name in re.findall(r"`(\w+)", ours)}
    in_table |= {"n_epochs", "lr", "l2"}
    listed = re.findall(r"``(\w+)``", SNORKEL_PAGE.split("Not in Snorkel: ")[1].split("\n\n")[0])
    parameters = set(inspect.signature(LabelModelClassifier).parameters)
    assert parameters - in_table == {name for name in listed if not name.endswith("_")}


def test_the_changelog_has_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {sklearn_labelmodel.__version__}\n" in changelog


def test_the_citation_has_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {sklearn_labelmodel.__version__}\n" in citation


def lower_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["test"]
    return [requirement.split(">=") for requirement in needed]


# One version of torch is tested.
@pytest.mark.parametrize(("name", "bound"), [pair for pair in lower_bounds() if pair[0] != "torch"])
def test_the_oldest_constraints_are_the_lower_bounds(name, bound):
    padded = bound + ".0" * (2 - bound.count("."))
    assert pinned("constraints-oldest.txt")[name] in (bound, padded)


@pytest.mark.parametrize(("name", "bound"), lower_bounds())
def test_the_constraints_pin_every_requirement(name, bound):
    assert name in pinned("constraints.txt")
