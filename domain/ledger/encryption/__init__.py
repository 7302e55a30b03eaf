"""Encryption at rest: records and keys."""
