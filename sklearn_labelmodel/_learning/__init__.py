"""Learners: from what was observed to a vote model; the only room that knows torch."""
