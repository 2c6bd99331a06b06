"""Candidate segments of an image, by many methods.

from boxsup_tf.proposals.registry import propose
pool = propose(image, method="mcg")
"""
