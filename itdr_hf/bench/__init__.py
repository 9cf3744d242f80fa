"""Measuring: our build beside the bare parse of the same file and beside a plain pandas script, in one run.

Only ratios are meant to be kept: seconds and bytes tell of one machine on one day.
"""
