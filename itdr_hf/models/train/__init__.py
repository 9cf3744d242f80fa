"""Tuning a model on a dataset folder, with the recipe of the paper's section 4.2.3 (extra [train]).

recipe   every setting of a run, and the paper's four models      data   rows to tokens, mixed and measured
sft      one run: TRL's SFTTrainer, resumable, recorded           tiny   a small base for the loop on a CPU
step     one real-size step, measured
"""
