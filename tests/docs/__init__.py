"""What the documentation says is run, and what it lists is complete."""
