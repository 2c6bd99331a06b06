"""An evaluation as one HTML file that needs no network: scores, plots, and every image."""
