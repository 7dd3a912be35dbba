"""How good the labels of this package are, beside its peers, on real sets with gold labels."""
