"""Deadlines of requests and appeals: the dates that follow from the terms and from the times on record."""
