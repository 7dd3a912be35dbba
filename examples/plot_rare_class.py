"""
A rare class
============

You look for something rare, and you know about how rare it is. A classifier trained on cautious
labels then plays safe: it never says the rare class at all, and its accuracy looks fine. This
example finds the few texts on optimization in the documentation of SciPy, by rules and by the share
of such texts, without a label.
"""

# %%
# The texts
# ---------
#
# What the functions and classes of SciPy say of themselves, up to the list of their parameters. The
# module that each is from is the truth; it is used only to judge. One half of the texts is kept for
# that.

import importlib
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, precision_recall_curve
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_labelmodel import (
    KeywordLF,
    LabelingFunctions,
    LabelModelClassifier,
    RegexLF,
    WeakSupervisionClassifier,
)

PARTS = "optimize stats signal linalg sparse special interpolate ndimage spatial fft integrate"


def descriptions(part):
    """Yield the texts of one module."""
    module = importlib.import_module(f"scipy.{part}")
    for name in sorted(set(module.__all__)):
        text = inspect.getdoc(getattr(module, name)) or ""
        yield text.split("\nParameters\n")[0]


texts = pd.DataFrame([(part, text) for part in PARTS.split() for text in descriptions(part)])
texts.columns = ["part", "text"]
texts = texts[texts["text"].str.len() > 30].drop_duplicates("text")
truth = np.where(texts["part"] == "optimize", "optimization", "other")
test = np.random.default_rng(0).permutation(len(texts)) % 2 == 0
train_texts, test_texts = texts["text"][~test], texts["text"][test]
print(f"{len(train_texts)} texts to learn from, {len(test_texts)} to test on")

# %%
# The rules, and the share
# ------------------------
#
# Each rule looks for a few words. From SciPy's table of contents one can tell that about one text in
# twenty is on optimization: that is the class balance.

rules = LabelingFunctions(
    [
        KeywordLF(["minimize", "minimization", "minimum"], label="optimization", name="minimum"),
        RegexLF(r"\b[Rr]oots? (of|find)", label="optimization", name="root"),
        KeywordLF(["objective", "constraint", "bounds"], label="optimization", name="constraint"),
        KeywordLF(["jacobian", "hessian", "line search"], label="optimization", name="derivative"),
        KeywordLF(["distribution", "random", "statistic", "test"], label="other", name="chance"),
        KeywordLF(["filter", "window", "signal", "transform"], label="other", name="signal"),
        KeywordLF(["matrix", "matrices", "array"], label="other", name="matrix"),
        KeywordLF(["bessel", "gamma", "elliptic", "integral"], label="other", name="special"),
        KeywordLF(["image", "spline", "graph", "points"], label="other", name="shape"),
    ]
)
label_model = LabelModelClassifier(class_balance={"optimization": 0.05, "other": 0.95})
reader = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    LogisticRegression(max_iter=1000),
)

# %%
# How strongly to regularise
# --------------------------
#
# ``GridSearchCV`` needs no labels: without *y* the model is scored by how well it foresees the soft
# labels of rows that it was not trained on.

model = WeakSupervisionClassifier(rules, label_model, reader, match_shares=None)
search = GridSearchCV(model, {"estimator__logisticregression__C": [0.1, 1, 10, 100]}, cv=5)
search.fit(train_texts)
print(search.best_params_)
cautious = search.best_estimator_

# %%
# Predictions with the known share
# --------------------------------
#
# Without more ado, the classifier calls next to no text one on optimization. With
# ``match_shares="auto"``, the default, offsets of its log probabilities give it the share that
# was given, on texts that it was not trained on.

matched = WeakSupervisionClassifier(rules, label_model, cautious.estimator).fit(train_texts)
for name, fitted in {"as trained": cautious, "with the share matched": matched}.items():
    print(name)
    print(classification_report(truth[test], fitted.predict(test_texts), zero_division=0.0))
print(
    "offsets:", dict(zip(matched.classes_, matched.class_offsets_.round(2).tolist(), strict=True))
)

# %%
# The ranking of the texts is the same; what moved is where the line is drawn. On the left, every
# test text; on the right, what other lines would give. Those who must not miss a text may draw it
# lower, by the probabilities; then more of the others come with it.

rare = truth[test] == "optimization"
p = matched.unshifted_proba(test_texts)[:, 0]
line = 1 / (1 + np.exp(matched.class_offsets_[0] - matched.class_offsets_[1]))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
bins = np.linspace(0, 0.6, 31)
left.hist([p[~rare], p[rare]], bins, stacked=True, label=["other", "optimization"])
left.axvline(0.5, color="grey", label="as trained")
left.axvline(line, color="black", linestyle="--", label="with the share matched")
left.set(yscale="log", xlabel="P(optimization), as trained", ylabel="texts")
left.legend()
precision, recall, _ = precision_recall_curve(rare, p)
right.plot(recall, precision)
for where, colour in {0.5: "grey", line: "black"}.items():
    found = p > where
    right.plot(
        (found & rare).sum() / rare.sum(),
        rare[found].mean() if found.any() else 1,
        "o",
        color=colour,
    )
right.set(xlabel="share of the texts on optimization that are found", ylabel="precision")
plt.show()
