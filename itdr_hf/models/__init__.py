"""Models: whoever answers or is tuned, from plain recommenders to language models."""
