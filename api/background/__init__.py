"""Threads that run while the server serves: updates of the derived tables, and sealing."""
