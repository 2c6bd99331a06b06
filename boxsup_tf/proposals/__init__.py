"""Candidate segments of an image: rectangles, and segments of an edge hierarchy."""
