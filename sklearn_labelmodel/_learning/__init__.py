"""_learning."""
