"""Backbones, one file per kind, which defines `BACKBONES`: `backbone.Backbone` by name."""
