"""Ask a model: one request, one validated answer, one pair of audit events. Models advise; they never decide."""
