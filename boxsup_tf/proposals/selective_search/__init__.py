"""Selective Search: segmentation -> features -> grouping; the source is in methods/."""
