"""Workbooks with formulas for the steps of a method, from the data to the ranks."""
