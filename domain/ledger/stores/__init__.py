"""SQLite and PostgreSQL: connections, recorders, and commands that share one commit."""
