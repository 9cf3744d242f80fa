"""References written by a language model, paid for once.

selection   the examples that a model is asked about     writer      the request, its key, and the reply
annotate    ask for all of a dataset folder              batched     the same through request files
store       every answer received, append-only           claims      who is asking for what right now
acceptance  which answers may become references          budget      tokens, prices, and the most to spend
write_back  from the store into the folder               compare     agreement of two sets of references
"""
