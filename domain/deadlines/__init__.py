"""Deadlines of requests and appeals: the terms as data, and the dates that follow from them."""
