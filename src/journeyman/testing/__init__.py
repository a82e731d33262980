"""Public fakes and conformance kits for those who write adapters."""
