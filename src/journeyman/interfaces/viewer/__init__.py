"""Sessions as pages for people: rendered here, alive by server-sent events, whole without JavaScript."""
