"""PASCAL VOC's layout: XML boxes, palette PNG masks, lists of images."""
