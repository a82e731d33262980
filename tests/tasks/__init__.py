"""Tasks for people and programs."""
