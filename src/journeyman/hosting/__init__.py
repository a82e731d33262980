"""Sessions hosted in one process for others: who may do what, what is driven here, and what is told of it."""
