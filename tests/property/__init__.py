"""The pure core, under hypothesis."""
