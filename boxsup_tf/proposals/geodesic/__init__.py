"""Geodesic object proposals: distances -> level_sets; the source is in methods/geodesic.py."""
