"""Infrastructure shared by all packages: query engines, files, hashing, memory, progress, text."""
