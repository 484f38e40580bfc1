"""The steps from observations to scores, and the scores that would result from changes."""
