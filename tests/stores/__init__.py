"""The stores beyond their contract."""
