"""Pure rules of review: conflicts, affinities, and the optimal assignment of reviewers."""
