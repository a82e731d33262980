"""Tests of the interfaces."""
