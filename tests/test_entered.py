"""How much of the package one must open to follow a fit: the modules and the functions that it enters."""

import sys
from pathlib import Path

import pytest

import sklearn_labelmodel
from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import make_label_matrix

PACKAGE = Path(sklearn_labelmodel.__file__).parent
L = make_label_matrix(n_samples=2000, n_lfs=8, random_state=0).L


def entered(call):
    """The functions of the package that a call enters, each as (module, name), comprehensions and lambdas aside.

    The call before it imports what is imported late.
    """
    call()
    found = set()

    def look(frame, event, _):
        code = frame.f_code
        if event == "call" and not code.co_name.startswith("<"):
            found.add((code.co_filename, code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(before)
    inside = [(Path(file), name) for file, name in found if not file.startswith("<")]
    return sorted(
        (file.relative_to(PACKAGE).as_posix(), name)
        for file, name in inside
        if file.is_relative_to(PACKAGE)
    )


def fit():
    LabelModelClassifier().fit(L)


def fit_as_snorkel():
    LabelModelClassifier(init="snorkel").fit(L)


FITTED = LabelModelClassifier().fit(L)


def report():
    str(FITTED.report(L))


@pytest.mark.parametrize(
    ("call", "most_modules", "most_functions"),
    [(fit, 14, 90), (fit_as_snorkel, 12, 55), (report, 22, 254)],
)
def test_few_modules_and_functions_are_entered(call, most_modules, most_functions):
    functions = entered(call)
    modules = {module for module, _ in functions}
    told = "\n".join(f"{module} {name}" for module, name in functions)
    assert len(modules) <= most_modules, told
    assert len(functions) <= most_functions, told
