"""The dense CRF: parameters, by pydensecrf, by several processes, and in TensorFlow operations."""
