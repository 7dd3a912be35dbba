"""
Soft labels in a PyTorch loop
=============================

``WeakSupervisionClassifier`` trains scikit-learn's classifiers. A network with a training loop of
its own needs no more than the label model's probabilities: they are the targets of the
cross-entropy. This example draws what the difference between soft and hard labels is.
"""

# %%
# Two moons and six rough rules
# -----------------------------
#
# Each rule knows one half-plane in which one of the moons prevails, and says nothing elsewhere.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import make_moons

from sklearn_labelmodel import LabelModelClassifier, filter_unlabeled

X, y = make_moons(1200, noise=0.25, random_state=0)
left_right, down_up = X.T
holds = {
    "far up": (down_up > 0.6, 0),
    "far left": (left_right < -0.4, 0),
    "upper left": (down_up - left_right > 0.3, 0),
    "far down": (down_up < -0.2, 1),
    "far right": (left_right > 1.4, 1),
    "lower right": (down_up - left_right < -0.8, 1),
}
L = pd.DataFrame({name: np.where(rows, vote, -1) for name, (rows, vote) in holds.items()})

# %%
# Probabilities from votes
# ------------------------
#
# Rows on which no rule votes teach the network nothing; ``filter_unlabeled`` leaves them out of all
# arrays at once.

model = LabelModelClassifier().fit(L)
X_train, _, proba, y_train = filter_unlabeled(X, L, model.predict_proba(L), y)
print(f"{len(X_train)} of {len(X)} points have a vote")
print(f"label model on these: accuracy {(proba.argmax(axis=1) == y_train).mean():.3f}")

# %%
# The training loop
# -----------------
#
# torch's cross-entropy takes class probabilities as targets. For hard labels, the most probable
# class gets all of the weight, however narrow its lead.


def train(targets):
    """Train a small network, and return its probability of class 1 at given points."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 32),
        torch.nn.Tanh(),
        torch.nn.Linear(32, 32),
        torch.nn.Tanh(),
        torch.nn.Linear(32, 2),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    inputs, targets = torch.tensor(X_train).float(), torch.tensor(targets).float()
    for _ in range(300):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(inputs), targets)
        loss.backward()
        optimizer.step()
    network.requires_grad_(False)
    return lambda points: network(torch.tensor(points).float()).softmax(dim=1)[:, 1].numpy()


networks = {
    "soft labels": train(proba),
    "hard labels": train(np.eye(2)[proba.argmax(axis=1)]),
    "the truth": train(np.eye(2)[y_train]),
}
X_test, y_test = make_moons(2000, noise=0.25, random_state=1)
for name, network in networks.items():
    p = np.clip(network(X_test), 1e-6, 1 - 1e-6)
    loss = -np.log(np.where(y_test == 1, p, 1 - p)).mean()
    print(f"{name:12} accuracy {((p > 0.5) == y_test).mean():.3f}, log loss {loss:.3f}")

# %%
# Accuracy hardly differs, log loss does. The picture shows what each network believes everywhere in
# the plane (points: the truth). Hard labels teach it to be sure of all it was told, wrong labels
# included; soft ones leave it in doubt where the rules are. No network can know of the bend that no
# rule sees.

across, up = np.meshgrid(np.linspace(-2, 3, 150), np.linspace(-1.5, 2, 110))
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained", sharey=True)
for ax, (name, network) in zip(axes, networks.items(), strict=True):
    believed = network(np.column_stack([across.ravel(), up.ravel()])).reshape(across.shape)
    image = ax.contourf(across, up, believed, levels=np.linspace(0, 1, 11), cmap="RdBu_r")
    ax.contour(across, up, believed, levels=[0.5], colors="black")
    ax.scatter(*X[::6].T, c=y[::6], s=18, cmap="RdBu_r", edgecolors="white", linewidths=0.5)
    ax.set(title=f"trained on {name}", xlabel="first feature")
axes[0].set_ylabel("second feature")
fig.colorbar(image, ax=axes, label="P(class 1)")
plt.show()
