"""From events to state, one event at a time."""
