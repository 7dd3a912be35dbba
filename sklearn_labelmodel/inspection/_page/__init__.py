"""The fit report as a page, as Markdown, as text and as JSON; it knows parts of reports, and no model."""
