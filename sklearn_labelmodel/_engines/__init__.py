"""Rows that lie elsewhere, or are more than memory holds: counted, and mapped, where they are."""
