"""`journeyman gym`: score, play, watch, export and train, without a line of Python."""
