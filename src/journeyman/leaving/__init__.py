"""Work and processes that can be left: whoever's time is over goes, and waits for nobody's clean-up."""
