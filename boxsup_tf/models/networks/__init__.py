"""Heads of networks, one file each, which defines `HEADS`: `network_family.Head` by name."""
