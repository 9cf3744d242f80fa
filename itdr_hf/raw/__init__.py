"""Raw releases: the files they consist of, where they are found, how they are read, and malformed rows."""
