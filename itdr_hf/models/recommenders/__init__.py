"""Answers without a language model: baselines that see the prompt, recommenders trained on the log."""
