"""Finds secrets in bytes of any kind: `readings` shows what is written in them, `detectors` know secrets, `scan` joins both."""
