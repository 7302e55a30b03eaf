"""The only part of the domain with state: it decides commands, saves events, and reads them back."""
