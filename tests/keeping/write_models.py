"""Writes the models that must load ever after: one folder for each format, never written again once released.

python tests/keeping/write_models.py
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_labelmodel import (
    BinLF,
    ColumnLF,
    DawidSkeneClassifier,
    KeywordLF,
    LabelingFunctions,
    LabelModelClassifier,
    LookupLF,
    MajorityVoteClassifier,
    RegexLF,
    ScoreLF,
    ThresholdLF,
)
from sklearn_labelmodel._utils.keeping import FORMAT

FOLDER = Path(__file__).parent
# The votes of four LFs on each row, "." being none, and below them its score in tenths and its gold label.
VOTES = "aab. ab.b bbbb .aaa b.ba aaaa ..b. a.a. bbab abab bb.b aa.a .... baba aaab b... .bb. a..a"
SCORES = "9    2    1    8    3    7    4    6    2    5    1    9    3    4    8    2    1    7"
LABELS = "a    .    b    .    b    a    .    a    .    .    .    .    b    .    .    .    .    ."
RECORDS = pd.DataFrame(
    {"text": ["Win a prize", None, "minutes"], "links": [3, 0, 1], "judge": ["Spam.", "?", "ham"]}
)
MODELS = {
    "label_model": LabelModelClassifier(class_balance={"a": 0.6, "b": 0.4}, dependencies=[("v", "w")]),
    "label_model_defaults": LabelModelClassifier(),
    "label_model_scores": LabelModelClassifier(scores={"score": "a"}),
    "dawid_skene": DawidSkeneClassifier(tol=0.0, max_iter=3),
    "dawid_skene_scores": DawidSkeneClassifier(scores={"score": "a"}),
    "majority_vote": MajorityVoteClassifier(),
    "majority_vote_counting": MajorityVoteClassifier(),
}  # fmt: skip
RULES = [
    RegexLF(re.compile("win", re.IGNORECASE), label="spam", column="text", name="compiled"),
    KeywordLF(frozenset({"win", "prize"}), label="spam", column="text"),
    ThresholdLF("links", ">", 1, label="spam"),
    BinLF("links", below=(1, "ham"), above=(2, "spam")),
    LookupLF("links", {0: "ham", 3: "spam"}, name="looked_up"),
    ColumnLF("judge", abstain={"?"}, normalize=True),
    ScoreLF("links", name="score"),
]


def votes_of(numbers):
    """Votes and gold labels, as strings "a" and "b" or as numbers 0 and 1."""
    code = {"a": 0, "b": 1, ".": -1} if numbers else {"a": "a", "b": "b", ".": None}
    cells = [[code[vote] for vote in row] for row in VOTES.split()]
    L = pd.DataFrame(cells, columns=list("uvwx"), dtype=int if numbers else object)
    y = np.array([code[label] for label in LABELS.split()], dtype=int if numbers else object)
    return L.assign(score=[int(score) / 10 for score in SCORES.split()]), y


def as_numbers(value):
    """Parameters that name classes, of classes 0 and 1."""
    if isinstance(value, dict):
        return {as_numbers(key): as_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_numbers(each) for each in value]
    return {"a": 0, "b": 1}.get(value, value) if isinstance(value, str) else value


def fitted(name, numbers):
    """A model on all votes and labels, and the votes."""
    model, (L, y) = clone(MODELS[name]), votes_of(numbers)
    if numbers:
        model.set_params(**{key: as_numbers(value) for key, value in model.get_params().items()})
    votes = L if model.scores else L.drop(columns="score")
    learn = model.partial_fit if name.endswith("counting") else model.fit
    return learn(votes, y), votes


def in_hex(array):
    return [number.hex() for number in np.asarray(array, dtype=float).ravel().tolist()]


def write():
    """Write the folder of this format."""
    folder = FOLDER / f"format_{FORMAT}"
    folder.mkdir()
    LabelingFunctions(RULES).save(folder / "rules.skops")
    expected = {}
    for numbers in (False, True):
        for name in MODELS:
            file = f"{name}_{'numbers' if numbers else 'strings'}"
            model, votes = fitted(name, numbers)
            model.save(folder / f"{file}.skops")
            expected[file] = {
                "proba": in_hex(model.predict_proba(votes)),
                "log_p": in_hex(model.vote_model_.table.log_p),
                "mu": in_hex(model.mu_),
                "lf_accuracies": in_hex(model.lf_accuracies_),
                "symbols": [str(symbol) for symbol in model.symbols_.tolist()],
            }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    write()
