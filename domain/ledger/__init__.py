"""The only part of the domain with state. It decides commands, saves events, and reads them back."""
