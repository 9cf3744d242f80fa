"""The ground that everything runs on: engines for plans, files, hashing, memory, progress, text."""
