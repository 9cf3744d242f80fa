"""Getting raw releases from where they lie: https with resume, the Hub, Kaggle where a token is there.

`plan` says what would be had, `download` has it: every file under a temporary name until its size and hashes are
right, the files of a part put down together, a licence accepted once per source.
"""

from itdr_hf.download.fetching import Clients, download, unpack
from itdr_hf.download.licences import accept, accepted
from itdr_hf.download.plan import Want, by_hand, plan

__all__ = ["Clients", "Want", "accept", "accepted", "by_hand", "download", "plan", "unpack"]
