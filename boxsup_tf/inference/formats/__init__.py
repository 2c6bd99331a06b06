"""Formats of a model in one file, for machines without TensorFlow; a file here for each.

NAME.py is --format=NAME. It defines `FILE_NAME`, `PRECISIONS`, and `convert(predictor, precision,
image_size)`, which returns the file's content.
"""
