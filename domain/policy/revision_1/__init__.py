"""The rules of revision 1 of the editions, unchanged, so that determinations on record re-run as they were made."""
