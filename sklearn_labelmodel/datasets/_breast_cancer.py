"""Rules of thumb over scikit-learn's breast cancer measurements."""

from __future__ import annotations

import numpy as np
from sklearn.utils import Bunch

# Column, side, threshold, vote. In these images malignant nuclei are large, irregular in outline and unlike each other.
# The thresholds are round numbers, not fitted to the labels.
BREAST_CANCER_RULES = {
    "large_nuclei": ("mean radius", ">", 16, "malignant"),
    "small_nuclei": ("mean radius", "<", 12, "benign"),
    "very_large_nucleus_seen": ("worst area", ">", 1000, "malignant"),
    "no_large_nucleus_seen": ("worst area", "<", 600, "benign"),
    "dented_outline": ("mean concave points", ">", 0.07, "malignant"),
    "even_outline": ("mean concave points", "<", 0.03, "benign"),
    "deep_dents_seen": ("worst concavity", ">", 0.4, "malignant"),
    "smooth_outline": ("worst smoothness", "<", 0.11, "benign"),
    "coarse_texture": ("worst texture", ">", 30, "malignant"),
    "fine_texture": ("worst texture", "<", 20, "benign"),
    "sizes_vary": ("area error", ">", 60, "malignant"),
    "outline_symmetric": ("worst symmetry", "<", 0.25, "benign"),
}


def breast_cancer_rules() -> Bunch:
    """Apply rules of thumb to scikit-learn's breast cancer measurements.

    Twelve one-sided labeling functions, each of which looks at one measurement of the cell nuclei on an image and
    votes where that is clearly high or clearly low. Their thresholds are round numbers and were not fitted to the
    labels. Two rules look at the same measurement several times, so they are not independent, as in practice.

    Returns
    -------
    data : Bunch
        - L : DataFrame of shape (569, 12), dtype int64. Votes 0 (malignant) or 1 (benign); -1 abstains. The columns
          are the rules' names.
        - y : ndarray of shape (569,), dtype int64. The diagnoses, numbered alike.
        - X : DataFrame of shape (569, 30), dtype float64. The measurements.
        - target_names : list of str. ["malignant", "benign"].
        - rules : dict of rule name to what it says in words.

    See Also
    --------
    sklearn.datasets.load_breast_cancer : The measurements.

    Examples
    --------
    >>> from sklearn_labelmodel.datasets import breast_cancer_rules
    >>> data = breast_cancer_rules()
    >>> data.L.shape
    (569, 12)
    >>> data.rules["large_nuclei"]
    'malignant if mean radius > 16'
    """
    import pandas as pd
    from sklearn.datasets import load_breast_cancer

    source = load_breast_cancer(as_frame=True)
    target_names = [str(name) for name in source.target_names]
    votes, rules = {}, {}
    for name, (column, side, threshold, label) in BREAST_CANCER_RULES.items():
        measured = source.data[column]
        holds = measured > threshold if side == ">" else measured < threshold
        votes[name] = np.where(holds, target_names.index(label), -1)
        rules[name] = f"{label} if {column} {side} {threshold}"
    return Bunch(
        L=pd.DataFrame(votes),
        y=source.target.to_numpy(),
        X=source.data,
        target_names=target_names,
        rules=rules,
    )
