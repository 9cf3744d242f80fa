"""References written by a language model, paid for once.

asks       what is sent: endpoint, model, messages, parameters, and the key they have together
store      every answer ever got, append-only, shared by builds and processes
accept     which answers may become references
pace       requests and tokens per minute      budget    tokens, prices, the most that may be spent
client     one request, with its retries       annotate  all requests of a dataset folder
writing    from the store into the folder      compare   two sets of references against each other
"""
