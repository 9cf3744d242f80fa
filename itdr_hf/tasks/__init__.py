"""Tasks: what is asked, in which words, and how an answer is read."""
