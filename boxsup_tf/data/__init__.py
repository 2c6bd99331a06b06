"""Annotations in, examples out: one reader per data set, and what wraps any of them."""
