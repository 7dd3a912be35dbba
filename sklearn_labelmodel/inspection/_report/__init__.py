"""The fit report: facts, what they mean, and how they are told."""
