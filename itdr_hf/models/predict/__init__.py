"""Asking models: predictions are a Parquet file of raw texts, and scoring is somebody else's job.

questions     what is asked: the rows of a dataset folder, without their answers
predictions   the file: one answer after the other, so that a kill loses none
served        any OpenAI-compatible server (extra [endpoint]); served_likelihood ranks by the probabilities it gives
local         transformers, with or without an adapter (extra [train]); likelihood ranks by its probabilities
"""
