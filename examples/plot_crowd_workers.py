"""
Crowd workers, one of them upside down
======================================

Ten people look at photographs of welds and say whether they see a crack. Each sees about half of
the photographs. Some are experts, two click at random, and one has misread the instructions and
presses the wrong button nearly every time. Nobody tells us who is who, and no photograph has a
known answer.
"""

# %%
# The votes
# ---------
#
# ``make_label_matrix`` draws votes of which everything is known, so that we can check what the
# model finds out. Rows are photographs, columns are workers, -1 means "was not shown this one".

import matplotlib.pyplot as plt
import numpy as np

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.inspection import LFConflictDisplay

workers = {
    "Ada": 0.92,
    "Ben": 0.88,
    "Cleo": 0.85,
    "Dan": 0.82,
    "Eve": 0.80,
    "Finn": 0.78,
    "Gus": 0.75,
    "spammer 1": 0.50,
    "spammer 2": 0.50,
    "inverted": 0.12,
}
data = make_label_matrix(
    1000, len(workers), accuracy=list(workers.values()), coverage=0.5, as_frame=True, random_state=0
)
L, y = data.L.set_axis(list(workers), axis=1), data.y
print(L.head().to_string())

# %%
# Who disagrees with whom
# -----------------------
#
# Look before you fit. The inverted worker disagrees with every good worker far more often than not,
# the spammers with everybody half of the time.

LFConflictDisplay.from_votes(L)

# %%
# Majority vote against the label model
# -------------------------------------
#
# Majority vote counts all ten alike. The label model learns from the agreements how much each vote
# is worth. It is careful, since voters often share mistakes. These workers never talk to each other, so
# a method that trusts in that does a little better: that of Dawid and Skene was made for crowds.

models = {
    "majority vote": MajorityVoteClassifier().fit(L),
    "label model": LabelModelClassifier().fit(L),
    "Dawid and Skene": DawidSkeneClassifier().fit(L),
}
for name, model in models.items():
    print(f"{name:25} {model.score(L, y):.3f}")

# %%
# What it has learned of each worker
# ----------------------------------
#
# It finds the true accuracies without a single known answer. The vote of a worker who is right half of the
# time counts nothing. One who is always wrong is as useful as one who is always right: the model turns the
# votes around.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
lines = np.arange(len(workers))
ax.plot(data.accuracies, lines, "o", ms=11, mfc="none", color="black", label="true")
ax.plot(models["label model"].lf_accuracies_, lines, "D", color="tab:orange", label="learned")
ax.axvline(0.5, color="grey", linewidth=0.8)
ax.set_yticks(lines, list(workers))
ax.invert_yaxis()
ax.set(xlim=(0, 1), xlabel="accuracy: P(vote is right | worker votes)")
ax.grid(axis="y", alpha=0.3)
ax.legend(loc="upper left")

# %%
# What a few more workers would bring
# -----------------------------------
#
# The same people, from the best on. The last three help the label model or leave it about as it is. Majority
# vote suffers from each of them.

numbers = range(3, len(workers) + 1)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, color in {"label model": "tab:orange", "majority vote": "grey"}.items():
    model = models[name]
    scores = [model.fit(L.iloc[:, :n]).score(L.iloc[:, :n], y) for n in numbers]
    ax.plot(numbers, scores, "o-", color=color, label=name)
ax.set_xticks(numbers, ["Ada to Cleo", *(f"+ {name}" for name in list(workers)[3:])])
ax.tick_params("x", rotation=30)
ax.set_ylabel("accuracy")
ax.grid(alpha=0.3)
ax.legend(loc="upper left")
plt.show()
