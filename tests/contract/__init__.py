"""Plug points against their public kits."""
