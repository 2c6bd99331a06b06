"""Processes that work through many items."""
