"""What functions take for a label model."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted


def check_label_model(label_model: Any) -> Any:
    """The label model, if it is a fitted one of this package."""
    if not hasattr(type(label_model), "_read_votes"):
        raise TypeError(
            f"label_model is a {type(label_model).__name__}; it must be a fitted label model, such as "
            "LabelModelClassifier().fit(L)."
        )
    check_is_fitted(label_model)
    return label_model
