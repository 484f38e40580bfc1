"""Composite indices that can be built, defended and reproduced."""
