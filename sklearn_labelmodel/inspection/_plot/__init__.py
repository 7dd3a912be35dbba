"""_plot."""
