"""Files that appear whole or not at all, and folders that belong to one set of settings."""
