"""Label rows with a peer, in the peers' environment: ``python -m benchmarks.quality.worker PEER IN.npz OUT.npz``.

IN holds L (rows to fit), n_classes, class_prior, and the rows to label: their votes (scored), and where they are among
the rows to fit, their numbers there (places, else empty). OUT gets proba. Every peer runs with its defaults. Rows
without a vote get equal probabilities from crowd-kit's models, which do not know them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

SEED = 0


def snorkel(data: Any, **settings: Any) -> np.ndarray:
    """Fit Snorkel's LabelModel on the rows to fit."""
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=int(data["n_classes"]), verbose=False)
    model.fit(data["L"], seed=SEED, progress_bar=False, **settings)
    return model.predict_proba(data["scored"])


def snorkel_prior(data: Any) -> np.ndarray:
    """Fit Snorkel's LabelModel with the class prior given."""
    return snorkel(data, class_balance=data["class_prior"].tolist())


def dawid_skene(data: Any) -> np.ndarray:
    """Fit crowd-kit's Dawid-Skene on the rows to fit, and apply its tables to the rows to label."""
    from crowdkit.aggregation import DawidSkene

    model = DawidSkene().fit(long_table(data["L"]))
    scored, n_classes = data["scored"], int(data["n_classes"])
    if len(data["places"]):
        return spread(model.probas_, data["places"], n_classes)
    tables = np.zeros((scored.shape[1], n_classes, n_classes))  # LF, vote, class
    lf = model.errors_.index.get_level_values("worker").to_numpy(int)
    vote = model.errors_.index.get_level_values("label").to_numpy(int)
    seen = model.errors_.columns.to_numpy(int)
    tables[lf[:, None], vote[:, None], seen] = np.log(model.errors_.to_numpy())
    log_proba = np.full((len(scored), n_classes), -np.inf)
    log_proba[:, seen] = np.log(model.priors_[seen].to_numpy())
    row, column = np.nonzero(scored >= 0)
    np.add.at(log_proba, row, tables[column, scored[row, column]])
    proba = np.exp(log_proba - log_proba.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    proba[(scored < 0).all(axis=1)] = 1 / n_classes
    return proba


def glad(data: Any) -> np.ndarray:
    """Fit crowd-kit's GLAD."""
    from crowdkit.aggregation import GLAD

    return transductive(GLAD(), data)


def mace(data: Any) -> np.ndarray:
    """Fit crowd-kit's MACE."""
    from crowdkit.aggregation import MACE

    # All restarts of a fixed seed start alike, so one does what its ten do.
    return transductive(MACE(n_restarts=1, random_state=SEED), data)


def transductive(model: Any, data: Any) -> np.ndarray:
    """Fit a model that labels only rows it was fitted on: on both the rows to fit and to label."""
    L, places = data["L"], data["places"]
    if not len(places):
        places = len(L) + np.arange(len(data["scored"]))
        L = np.concatenate([L, data["scored"]])
    return spread(model.fit_predict_proba(long_table(L)), places, int(data["n_classes"]))


def long_table(L: np.ndarray) -> Any:
    """Return votes as crowd-kit wants them."""
    import pandas as pd

    task, worker = np.nonzero(L >= 0)
    return pd.DataFrame({"task": task, "worker": worker, "label": L[task, worker]})


def spread(found: Any, rows: np.ndarray, n_classes: int) -> np.ndarray:
    """Return rows of crowd-kit's table of probabilities, equal probabilities where it has none."""
    table = found.reindex(index=rows, columns=range(n_classes))
    known = table.notna().any(axis=1).to_numpy()
    proba = np.full((len(rows), n_classes), 1 / n_classes)
    proba[known] = table.fillna(0.0).to_numpy()[known]
    return proba / proba.sum(axis=1, keepdims=True)


PEERS: dict[str, Callable[[Any], np.ndarray]] = {
    "snorkel": snorkel,
    "snorkel_prior": snorkel_prior,
    "dawid_skene": dawid_skene,
    "glad": glad,
    "mace": mace,
}


def main() -> None:
    """Label one set with one peer."""
    peer, source, target = sys.argv[1:]
    with np.load(source) as data:
        proba = PEERS[peer](dict(data))
    if not np.isfinite(proba).all():
        raise FloatingPointError(f"{np.isnan(proba).any(axis=1).sum()} rows have no probabilities")
    np.savez(target, proba=proba)


if __name__ == "__main__":
    main()
