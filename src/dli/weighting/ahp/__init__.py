"""The analytic hierarchy process: weights from pairwise judgements."""
