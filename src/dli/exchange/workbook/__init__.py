"""A workbook that calculates: the steps of a method as formulas, from the data to the ranks."""
