"""Starting the server, and what it trusts of a proxy in front of it."""
