"""Starts the server, and checks which headers of a proxy are trusted."""
