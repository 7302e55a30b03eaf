"""Who may do what, who may see what, and who may decide an appeal."""
