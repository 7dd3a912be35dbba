"""The label models: parameters, and a recipe of learners."""
