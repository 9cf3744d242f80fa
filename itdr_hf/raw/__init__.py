"""A raw release: what it consists of, where it lies, how its files are read, and its malformed rows."""
