"""The command line: the program, its output and options, and a module for each group of commands."""
