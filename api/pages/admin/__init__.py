"""Pages for auditors and administrators: audit, verification, people."""
