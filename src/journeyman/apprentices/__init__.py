"""Coding agents put to work: attempts, their working copies and their traces."""
