"""The pages of one appeal and of a replay."""
