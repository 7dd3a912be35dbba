"""Displays of labeling functions and label models; the only room that knows matplotlib."""
