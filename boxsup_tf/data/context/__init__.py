"""PASCAL-Context: class masks of whole scenes."""
