"""From seeds to incidents: graphs, failures, agents and names, all drawn at reset."""
