"""Scoring: predictions and a dataset folder in; figures with intervals, parsed shares and signatures out.

parsed       predictions with their examples, read strictly and leniently, faults counted
rules        from answers to metrics: what an answer that cannot be read counts as
scoring      figures of cells, subtasks and composites, each with its bootstrap interval; paired comparison
measured     the figures, by cell, by task and over tasks     averages     macro and micro over a task's cells
comparisons  baselines and the paper's rows                   by_template  scores by template
table        for people: terminal and Markdown                exports      for machines: CSV, JSON, model-index
plots        a plot per subtask (extra [plots])               score_file   everything of one report
harness      task folders for lm-evaluation-harness           inspection   tasks for inspect-ai
"""
