"""_evidence."""
