"""What a trained network says of the annotations: boxes that look wrong, images that need masks."""
