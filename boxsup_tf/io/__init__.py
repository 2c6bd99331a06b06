"""Files on any file system, that appear whole or not at all, and folders of one set of settings."""
