"""
Language models as judges
=========================

A help desk sorts tickets into *bug*, *feature request* and *question*. Six language-model judges
have been asked, each once per ticket, and their answers recorded: large and small models, one of
them with three wordings of the same prompt. Where a judge answered "unsure", it abstains. Which
answers should we believe, and are three prompts of one model worth three votes?
"""

# %%
# Recorded answers
# ----------------
#
# The answers were generated from the table below, so that the truth is known: a judge's accuracy on
# each class, and how often it says "unsure". The three prompts of the small model mostly repeat
# each other, mistakes included.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_labelmodel import (
    ColumnLF,
    LabelingFunctions,
    LabelModelClassifier,
    MajorityVoteClassifier,
    lf_summary,
)
from sklearn_labelmodel.inspection import LFConflictDisplay

CLASSES = np.array(["bug", "feature", "question"])
JUDGES = pd.DataFrame(
    {
        "bug": [0.92, 0.85, 0.80, 0.60],
        "feature": [0.85, 0.70, 0.75, 0.55],
        "question": [0.80, 0.90, 0.70, 0.60],
        "unsure": [0.30, 0.10, 0.25, 0.00],
    },
    index=["large", "medium", "retrieval", "small_a"],
)


def record_answers(n_tickets, rng):
    """Answers of all judges as a table of strings, and the true classes."""
    truth = rng.choice(3, size=n_tickets, p=[0.5, 0.2, 0.3])
    answers = {}
    for judge, numbers in JUDGES.iterrows():
        right = rng.random(n_tickets) < numbers[CLASSES].to_numpy()[truth]
        said = CLASSES[np.where(right, truth, (truth + rng.integers(1, 3, n_tickets)) % 3)]
        answers[judge] = np.where(rng.random(n_tickets) < numbers["unsure"], "unsure", said)
    for copy in ["small_b", "small_c"]:
        independent = CLASSES[rng.integers(0, 3, n_tickets)]
        answers[copy] = np.where(rng.random(n_tickets) < 0.9, answers["small_a"], independent)
    return pd.DataFrame(answers), CLASSES[truth]


answers, truth = record_answers(1500, np.random.default_rng(0))
print(answers.head().to_string())

# %%
# Answers become votes
# --------------------
#
# ``ColumnLF`` takes votes that already exist and says which answers are abstains. Everything else
# stays as it is: the labels are the strings that the judges wrote.

labeler = LabelingFunctions([ColumnLF(judge, abstain="unsure") for judge in answers])
L = labeler.set_output(transform="pandas").transform(answers)
print(lf_summary(L, truth).drop(columns=["j", "polarity", "correct", "incorrect"]).round(2))

# %%
# Find the judges that are one judge
# ----------------------------------
#
# A label model takes agreement for quality. The map shows where that fails: two voters that almost never
# conflict, though neither is that good, copy each other.

LFConflictDisplay.from_votes(L)

# %%
# With and without the repeated prompts
# -------------------------------------
#
# Three votes that are really one outvote the good judges, in majority vote as in a label model that takes
# every vote in full, and which moreover takes their agreement for a sign of quality. The default notices: the three
# agree with each other far more than judges of their kind would, and with the good judges less than these do
# among each other. It is better still to keep one of them, or to say that they depend on each other: where they
# agree they then count as one vote.

one_each = L.drop(columns=["small_b", "small_c"])
prompts = [("small_a", "small_b"), ("small_b", "small_c")]
scores = {
    "majority vote, all six judges": MajorityVoteClassifier().fit(L).score(L, truth),
    "label model, all six in full": LabelModelClassifier(dependencies=None).fit(L).score(L, truth),
    "label model, all six judges": LabelModelClassifier().fit(L).score(L, truth),
    "label model, dependencies named": LabelModelClassifier(dependencies=prompts)
    .fit(L)
    .score(L, truth),
    "label model, one prompt of the small model": LabelModelClassifier()
    .fit(one_each)
    .score(one_each, truth),
}
for name, score in scores.items():
    print(f"{name:42} {score:.3f}")

# %%
# What each judge is good at
# --------------------------
#
# ``conditional_probs_`` holds what was learned of each judge: P(answer | true class). Of last year's
# tickets we know that half were bugs, so we say so; and with one prompt of each model the judges
# err independently, so that longer training is safe. The learned tables come close to the true ones,
# without a single labelled ticket.

model = LabelModelClassifier(
    n_epochs=1000, class_balance={"bug": 0.5, "feature": 0.2, "question": 0.3}
)
model.fit(one_each)
print(f"label model, class balance given, 1000 epochs: {model.score(one_each, truth):.3f}")

fig, axes = plt.subplots(2, 4, figsize=(9, 5), layout="constrained", sharex=True, sharey=True)
for (top, bottom), (judge, numbers) in zip(axes.T, JUDGES.iterrows(), strict=True):
    right = numbers[CLASSES].to_numpy()
    true = np.where(np.eye(3), right, (1 - right) / 2) * (1 - numbers["unsure"])
    learned = model.conditional_probs_[one_each.columns.get_loc(judge), 1:]
    for ax, table in {top: true, bottom: learned}.items():
        image = ax.imshow(table, vmin=0, vmax=1, cmap="viridis")
        ax.set_xticks(range(3), CLASSES, rotation=30)
        ax.set_yticks(range(3), CLASSES)
        for (answer, label), share in np.ndenumerate(table):
            color = "white" if share < 0.6 else "black"
            ax.text(label, answer, f"{share:.2f}", ha="center", va="center", color=color)
    top.set_title(judge)
axes[0, 0].set_ylabel("true table\n\nanswer")
axes[1, 0].set_ylabel("learned table\n\nanswer")
fig.supxlabel("true class")
fig.colorbar(image, ax=axes, label="P(answer | true class)")
plt.show()
