"""Who may give a command, who may see what, and who may decide an appeal."""
