"""Tampering with guarded folders, records and attestations, tried with the real commands."""
