"""Combinatorial grouping: an image's regions, their combinations, and which are worth keeping.

partition -> merging -> tuples -> features -> ranking -> cleaning, as in J. Pont-Tuset,
P. Arbelaez, J. Barron, F. Marques, J. Malik, Multiscale Combinatorial Grouping for Image
Segmentation and Object Proposal Generation, TPAMI 2017, written anew and changed where
measurement said so (docs/proposals.md).
"""
