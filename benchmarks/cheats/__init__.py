"""Made tasks whose visible checks can be cheated, and agents that do so."""
