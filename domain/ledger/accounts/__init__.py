"""The users who may sign in, and their sessions."""
