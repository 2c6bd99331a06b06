"""A network behind HTTP: server, and client for this one and for TensorFlow Serving."""
