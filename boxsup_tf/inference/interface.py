"""Names of the signatures and outputs of an exported model, once."""

SEMANTIC_PREDICTIONS = "semantic_predictions"
PROBABILITIES = "probabilities"
# The ending makes TensorFlow Serving's REST API send the bytes as base64.
MASK_BYTES = "mask_bytes"
SIGNATURE_IMAGES = "serving_default"
SIGNATURE_BYTES = "serve_image_bytes"
SIGNATURE_MASKS = "serve_masks"
