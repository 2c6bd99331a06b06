"""Combinatorial grouping: an image's regions, their combinations, and which are worth keeping.

partition -> merging -> tuples -> features -> ranking -> cleaning; the source is in methods/mcg.py.
"""
