"""What the rules work on: missions, strategies, events, state."""
