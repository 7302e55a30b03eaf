"""HTTP conventions that every route shares: problems, request bodies, ETags, examples, the security log."""
