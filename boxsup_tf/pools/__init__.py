"""Candidate pools: all candidates of one image, in NumPy, packed, and inside a TensorFlow graph."""
