"""Confusion matrices and the names of what is counted from them."""
