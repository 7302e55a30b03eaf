"""A real Chromium for the tests of the pages, on a machine that may have none."""
