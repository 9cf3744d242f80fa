"""What is asked of a model: tasks by family, and what they share (templates, answers, planning)."""
