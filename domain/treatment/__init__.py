"""Courses, the doses that belong to them, and what an approval still allows."""
