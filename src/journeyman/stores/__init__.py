"""Keep events, blobs, leases and budgets."""
