"""A source of your own: three tables as CSV or Parquet, and every task they can feed.

    raw/myshop/interactions.csv   user, item [, timestamp] [, rating] [, text]
    raw/myshop/items.csv          item, title [, any attributes: genres, brand …]
    raw/myshop/users.csv          user [, any attributes: age, country …]        (only for UAP)

    raw/myshop/source.toml        what `own_source` takes as arguments: words, scale, label, title, columns …

A folder under the raw folder with the first two is found without being registered; a built dataset remembers its
sources in the ledger. `itdr init raw/myshop` writes source.toml. See README, "Your own data".
"""

from itdr_hf.sources.own.draft import draft_settings
from itdr_hf.sources.own.folders import Found, found_in
from itdr_hf.sources.own.remembered import described, recalled
from itdr_hf.sources.own.source import own_source

__all__ = ["Found", "described", "draft_settings", "found_in", "own_source", "recalled"]
