"""The command line on real pseudo-terminals."""
