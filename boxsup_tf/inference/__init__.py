"""From a trained network to label maps: predictor, SavedModel and picture files."""
