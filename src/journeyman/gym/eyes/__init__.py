"""What the roles see of a world: copies, and nothing of the truth."""
