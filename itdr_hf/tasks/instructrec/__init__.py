"""InstructRec (arXiv 2305.07001): recommendation and search as instructions made of preference, intention and form."""
