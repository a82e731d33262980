"""Tries to make "a mission completes on fresh, unforged evidence only, and an honest one does complete" false."""
