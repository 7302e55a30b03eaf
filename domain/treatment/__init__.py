"""Courses, the course of each dose, what an approval still allows, and concurrent use of other agents."""
