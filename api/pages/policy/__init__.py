"""The policy pages: clauses, readings, and examples assessed when the page is rendered."""
