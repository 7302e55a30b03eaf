"""Text that the command line and the pages share."""
