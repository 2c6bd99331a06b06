"""Quality and time of proposal methods."""
