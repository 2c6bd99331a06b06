"""Families of networks, one file each, which defines `FAMILY`, a `network_family.NetworkFamily`."""
