"""Download raw releases: over https with resume, from the Hub, and from Kaggle if there is a token.

`plan` returns what would be downloaded, `download` downloads it: every file has a temporary name until its size and
hashes are verified, the files of a part are installed together, and a licence is accepted once per source.
"""

from itdr_hf.download.fetching import Clients, download, unpack
from itdr_hf.download.licences import accept, accepted
from itdr_hf.download.plan import Want, by_hand, plan

__all__ = ["Clients", "Want", "accept", "accepted", "by_hand", "download", "plan", "unpack"]
