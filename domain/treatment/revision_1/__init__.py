"""How facts were derived from the record for revision 1 of the editions, unchanged."""
