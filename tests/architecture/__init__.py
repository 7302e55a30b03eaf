"""Tests of what must not change and of how the program is divided into modules."""
