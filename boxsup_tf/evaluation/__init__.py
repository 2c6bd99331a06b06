"""Scores of a trained network on a dataset."""
