"""Verification of a ledger or an export by an outsider: the bytes, order and meaning of everything on record."""
