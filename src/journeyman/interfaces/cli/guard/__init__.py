"""`journeyman guard …`."""
