"""The worlds of `planner_efficiency`, the engine that plays them, and the samplers that it is compared with."""
