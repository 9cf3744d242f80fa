"""Scoring: predictions and a dataset folder in; figures with intervals, parsed shares and signatures out.

answers    predictions beside their examples, read strictly and leniently, faults counted
rules      from answers to metrics: what an answer that cannot be read counts as
scoring    figures of cells, subtasks and composites, each with its bootstrap interval; paired comparison
beside     what stands beside ours: baselines and the paper's rows
table      for people: terminal and Markdown          exports   for machines: CSV, JSON, model-index
harness    a task folder for lm-evaluation-harness    plots     a plot per subtask (extra [plots])
"""
