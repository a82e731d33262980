"""Drivers of coding agents."""
