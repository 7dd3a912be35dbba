"""What the classifier that users end with is worth."""
