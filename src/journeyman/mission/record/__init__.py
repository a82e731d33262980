"""The chained form of events: canonical bytes, seals, replay."""
