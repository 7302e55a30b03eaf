"""How many files of the program a request enters, and how many of its functions it calls."""
