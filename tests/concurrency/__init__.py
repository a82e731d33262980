"""Tests of work and processes that can be left."""
