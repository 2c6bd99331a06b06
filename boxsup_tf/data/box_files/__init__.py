"""Boxes from labelling tools, one format per file in `formats/`."""
