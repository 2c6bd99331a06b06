"""Edge detectors: RGB image in, edge strength out. One file each, chosen by name."""
