"""Encryption at rest: encrypted records and their keys."""
