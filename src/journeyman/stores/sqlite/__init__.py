"""The default store: one SQLite file per tenant, safe for many sessions and processes."""

from journeyman.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
