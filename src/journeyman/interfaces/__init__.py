"""Doors: how people and programs come in."""
