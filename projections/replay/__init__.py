"""A determination replayed: what was known then, and what the policy said."""
