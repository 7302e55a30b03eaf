"""The HTTP endpoints, their schemas and dependencies."""
