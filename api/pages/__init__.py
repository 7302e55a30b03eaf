"""The HTML pages for the people who work with the ledger, over the same commands and projections as the API."""
