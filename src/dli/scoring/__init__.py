"""From observations to scores and ranks: the pipeline, and what a score would be if."""
