"""Tests of what a mission may use."""
