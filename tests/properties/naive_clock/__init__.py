"""A clock of deadlines that was written from the law alone."""
