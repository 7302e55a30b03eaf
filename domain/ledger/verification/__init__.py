"""What an outsider checks: bytes, order and meaning of all that is on record, of a ledger or of an export of it."""
