"""Formats of boxes, one per file.

A file NAME.py defines `read(data_dir, split) -> BoxSet`; --dataset=NAME reads it. Errors are
InputErrors that name the file; of single objects that cannot be used, notes are made.
"""
