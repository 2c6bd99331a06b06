"""Examples as TFRecord shards: written, indexed, read and parsed."""
