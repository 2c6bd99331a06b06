"""Networks, their pixel grid, and where their weights come from."""
