"""Proposal methods, one file each.

A file NAME.py here is a method called NAME: it defines
`propose(image, boxes, options) -> CandidatePool`. Nothing else is needed to add one.
"""
