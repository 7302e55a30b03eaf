"""The terms of the deadlines as data: the rows by line of business, and the row that applies to a request."""
