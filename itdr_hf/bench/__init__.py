"""Benchmarks: a build compared with only parsing the same file, and with a plain pandas script, in one run.

Only the ratios are meant to be published: seconds and bytes depend on the machine and its load.
"""
