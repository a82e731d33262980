"""Bundles: their form, the scan, what masking hides, what is refused."""
