"""Copies of folders."""
