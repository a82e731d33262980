"""What `gym_leaks` is made of."""
