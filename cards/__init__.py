"""Templates of cards; no logic."""
