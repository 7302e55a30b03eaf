"""How revision 1 derived facts from the record. Kept unchanged, so that determinations on record are derived again."""
