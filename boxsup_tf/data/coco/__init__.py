"""COCO's layout: one JSON for a folder of images."""
