"""Doors for trainers: the worlds behind other libraries' environment interfaces. Each file needs its extra."""
