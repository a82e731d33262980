"""Tasks, threads and processes that a caller can abandon: whoever's time is over goes, and waits for nobody's clean-up."""
