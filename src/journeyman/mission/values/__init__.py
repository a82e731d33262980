"""The bottom: JSON values, their canonical bytes, errors."""
