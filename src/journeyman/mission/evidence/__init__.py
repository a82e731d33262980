"""What criteria see, and how each is judged."""
