"""Who plays the gym's tasks and how it went: policies by name, models with their spend limits, logs of episodes."""
