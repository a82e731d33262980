"""`journeyman bundle …` and the forms of `journeyman export`."""
