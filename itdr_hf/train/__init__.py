"""The former place of `itdr_hf.models.train`: `python -m itdr_hf.train.step` and `.tiny` still work."""
