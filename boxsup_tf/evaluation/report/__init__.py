"""An evaluation as one HTML file that needs no network: figures, plots, and every image."""
