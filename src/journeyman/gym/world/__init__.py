"""The simulated incidents themselves: drawn from seeds, stepped N at a time, with the truth inside."""
