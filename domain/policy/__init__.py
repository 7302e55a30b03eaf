"""The policy as code: editions, the rules of their clauses, and the assessment of facts. Never imports events."""
