"""Phrases that are never right in what people read, and the test that finds them."""
