"""
A crowd's table, from raw answers to a report
=============================================

A platform exports one row for each answer: which picture, which worker, which animal. Answers are typed by
hand, and some workers click at random. This page goes from there to labels, to the workers one should talk
to, and to a report that can be sent.
"""

# %%
# The raw table
# -------------
#
# 800 pictures, 20 workers, six answers a picture. Three workers click at random, and one has mixed up two of
# the animals.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier, votes_from_long
from sklearn_labelmodel.inspection import agreement

rng = np.random.default_rng(0)
ANIMALS = np.array(["cat", "dog", "fox"])
truth = rng.choice(ANIMALS, size=800, p=[0.5, 0.35, 0.15])
care = np.r_[np.zeros(3), 0.8, rng.uniform(0.45, 0.95, size=16)]


def answer(task, worker):
    """What a worker types of a picture."""
    animal = truth[task] if rng.random() < care[worker] else rng.choice(ANIMALS)
    if worker == 3:
        animal = {"dog": "fox", "fox": "dog"}.get(animal, animal)
    return rng.choice([animal, animal.upper(), f"{animal}.", f" {animal}"])


answers = pd.DataFrame(
    [
        (f"picture {task:03}", f"worker {worker:02}", answer(task, worker))
        for task in range(len(truth))
        for worker in rng.choice(len(care), size=6, replace=False)
    ],
    columns=["task", "worker", "answer"],
)
print(answers.head(4).to_string(index=False))
print("spellings:", answers["answer"].nunique())

# %%
# From answers to votes
# ---------------------
#
# A row for each picture, a column for each worker. ``normalize=True`` makes one label of "Cat", "cat." and " CAT".

L, tasks, workers = votes_from_long(
    answers, row="task", voter="worker", label="answer", normalize=True
)
print(L.iloc[:3, :8].to_string())

# %%
# Do they agree?
# --------------
#
# Look before you learn. Each dot is the agreement of all the others, when one worker is left out. Those without
# whom the others agree better are the ones to look at.

found = agreement(L, random_state=0)
left_out = found.left_out.sort_values("alpha")
fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
ax.plot(left_out["alpha"], np.arange(len(left_out)), "o")
ax.axvline(found.alpha, color="grey", linewidth=0.8, label="all workers")
ax.set_yticks(np.arange(len(left_out)), left_out.index)
ax.set_xlabel("Krippendorff's alpha of the others")
ax.grid(axis="y", alpha=0.3)
ax.legend(loc="lower right")

# %%
# Labels
# ------
#
# Majority vote counts all workers alike. The label model learns whom to trust, and for which animal.

for model in [MajorityVoteClassifier(), LabelModelClassifier()]:
    right = (model.fit(L).predict(L) == truth).mean()
    print(f"{type(model).__name__:22} {right:.1%} of the labels are right")

# %%
# How good is each worker?
# ------------------------
#
# Here the truth is known, so that we can check. The four at the lower left are those whom one should talk to.

true_accuracy = [(L[worker].dropna() == truth[L[worker].notna()]).mean() for worker in workers]
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
ax.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
ax.plot(true_accuracy, model.lf_accuracies_, "o")
for position, name in [(2, "workers 00, 01, 02"), (3, "worker 03")]:
    at = (true_accuracy[position], model.lf_accuracies_[position])
    ax.annotate(name, at, (10, -4), textcoords="offset points")
ax.set(xlim=(0.2, 1), ylim=(0.2, 1), xlabel="share of right answers", ylabel="learned accuracy")
ax.grid(alpha=0.3)

# %%
# A mixed-up pair of animals
# --------------------------
#
# Accuracy is one number. Beside the labels that were found, worker 03's answers tell more: dogs are called foxes,
# and foxes dogs. No need to pay for these answers again: swap them.

label = pd.Series(model.predict(L), L.index, name="label")
print(pd.crosstab(L["worker 03"], label, normalize="columns").round(2).to_string())

# %%
# Which labels are sure?
# ----------------------
#
# Those who want to pay for a second look start on the left.

sure = model.predict_proba(L).max(axis=1)
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
bins = np.linspace(1 / 3, 1, 21)
right = model.predict(L) == truth
ax.hist([sure[right], sure[~right]], bins, stacked=True, label=["label is right", "label is wrong"])
ax.set(xlabel="probability of the label", ylabel="pictures")
ax.legend(loc="upper left")
plt.show()

# %%
# A report to send
# ----------------
#
# It says in words what is wrong, and with whom.

model.report(L)
