import inspect
import re
import tomllib
from pathlib import Path

import pytest

import sklearn_labelmodel
from sklearn_labelmodel import LabelModelClassifier

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    "pip install -c constraints.txt . && python examples/label_breast_cancer.py",
    'pip install -c constraints.txt ".[test]" && pytest',
]
SNORKEL_NAMES = (
    "cardinality verbose device "
    "L_train Y_dev class_balance progress_bar n_epochs lr l2 optimizer optimizer_config lr_scheduler "
    "lr_scheduler_config prec_init seed log_freq mu_eps "
    "sgd_config adam_config adamax_config momentum amsgrad betas eps "
    "warmup_steps warmup_unit warmup_percentage min_lr exponential_config step_config gamma step_size "
    "predict return_probs tie_break_policy predict_proba score metrics get_conditional_probs "
    "get_weights save load eval "
)


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


def test_the_commands_are_two():
    lines = [line for block, _ in fenced("") for line in block.splitlines()]
    assert [line for line in lines if line.startswith("pip install")] == COMMANDS


@pytest.mark.parametrize("parameter", inspect.signature(LabelModelClassifier).parameters)
def test_the_readme_names_every_parameter(parameter):
    assert re.search(rf"`[^`\n]*\b{parameter}\b", README)


@pytest.mark.parametrize("name", SNORKEL_NAMES.split())
def test_the_table_names_all_that_snorkel_has(name):
    table = README.split("| Snorkel | here |")[1].split("\n\n")[0]
    assert re.search(rf"^\|[^|\n]*\b{name}\b", table, flags=re.MULTILINE)


def test_the_changelog_has_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {sklearn_labelmodel.__version__}\n" in changelog


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
