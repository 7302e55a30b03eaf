"""The replay of a determination: what was known then, and what the policy said about it."""
