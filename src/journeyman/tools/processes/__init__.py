"""Programs that are started, watched and ended with all that they started themselves."""
