"""The embedded database: SQLite as Doorstep uses it."""
