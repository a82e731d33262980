"""What comes next, and what the evidence means."""
