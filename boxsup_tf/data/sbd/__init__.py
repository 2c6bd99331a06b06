"""VOC 2012 with the masks of SBD."""
