"""L, y and classes: read, checked, coded, counted."""
