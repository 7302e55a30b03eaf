"""SQLite and PostgreSQL: connections, recorders, and group commit."""
