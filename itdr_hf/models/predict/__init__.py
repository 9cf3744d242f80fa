"""Asking models: predictions are a Parquet file of raw texts, and scoring is somebody else's job.

questions     what is asked: the rows of a dataset folder, without their answers
asking        the prompt a model gets: the bytes that training uses
predictions   the file: one answer after the other, so that a kill loses none
baselines     answers without a model          endpoint   any OpenAI-compatible server (extra [endpoint])
local         transformers, with or without an adapter (extra [train])
"""
