"""Tests of advisors."""
