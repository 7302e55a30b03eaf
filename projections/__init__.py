"""Projections: each module answers one question from what is on record."""
