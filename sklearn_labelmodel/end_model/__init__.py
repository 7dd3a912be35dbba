"""end_model."""
