"""What votes say: table, class prior, dependence, and the one rule that adds up a row."""
