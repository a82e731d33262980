"""Tests of the public test kits."""
