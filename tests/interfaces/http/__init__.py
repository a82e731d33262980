"""The HTTP API: who is let in, what they reach, and what is answered."""
