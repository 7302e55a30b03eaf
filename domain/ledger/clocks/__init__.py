"""The clock that dates what is recorded, and the time zones in which its days are counted."""
