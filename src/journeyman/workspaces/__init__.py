"""Folders in which work is done: copies that nobody else can reach."""
