"""What wraps any reader: several as one, a part of the images or classes, another size."""
