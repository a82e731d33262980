"""What `gym_openenv` runs beside the benchmark: the empty environment and servers in processes of their own."""
