"""One page about a dataset folder: what is in it, where it comes from, can it be trusted, how do models do on it.

page       the whole page, from the files beside it: page.html.j2, scores.html.j2, page.css, page.js
flow       the picture root task → subtask → source       lengths    how long prompts and answers are
funnel     the ledger as bars, per source                 labels     ratings and attributes
samples    whole examples, packed for the browser         scores     `itdr score`'s JSON as a scoreboard
drawing    a picture as SVG (in the page, or a file) and PNG         pictures   the two that the card shows
"""
