"""The words that the command line and the pages share."""
