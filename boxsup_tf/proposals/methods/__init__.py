"""Proposal methods, one file each.

A file NAME.py here is a method called NAME. It defines `Options`, a frozen dataclass whose
fields become flags of generate_proposals.py (documented under `Attributes:` in its docstring),
and `propose(inputs, options) -> CandidatePool`. Nothing else is needed to add one.

It may define `NEEDS_BOXES = True`, if it finds nothing without boxes, and `make_options(values)`,
if flags of its own are not all that it takes.
"""
