"""Annotations in, examples out: readers, TFRecords and tf.data input pipelines."""
