"""The 39 kinds of instruction in words of our own: 17 of recommendation, 9 of search, 13 of personalised search."""
