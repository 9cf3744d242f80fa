"""Relational plans over tables: sampling, splits, negatives, and what is derived once per source."""
