"""The tables of the ledger, as SQL."""
