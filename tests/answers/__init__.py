"""Values out of model text."""
