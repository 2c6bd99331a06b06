"""Geodesic object proposals: what lies near a seed, as far as strong boundaries.

P. Kraehenbuehl, V. Koltun. Geodesic Object Proposals. ECCV 2014. distances -> level_sets.
"""
