"""Publish datasets and adapters: one verified, tagged commit per release, on the Hugging Face Hub or a compatible server.

Every function takes an `HfApi` (`connect` makes one); `huggingface_hub` is imported only in this package, and only when
a function is called. Every failure is a HubError, and no message contains a token.
"""

from itdr_hf.hub.connection import connect
from itdr_hf.hub.licences import Licensed, check_audit, check_redistribution
from itdr_hf.hub.plan import Change, PushPlan, plan_push
from itdr_hf.hub.push import Release, push_folder
from itdr_hf.hub.retry import HubAnswer
from itdr_hf.hub.verify import verify_release
from itdr_hf.hub.versions import NextRelease, check_complete, next_release, stamped
from itdr_hf.runtime.retry import RetryPolicy

__all__ = [
    "Change",
    "HubAnswer",
    "Licensed",
    "NextRelease",
    "PushPlan",
    "Release",
    "RetryPolicy",
    "check_audit",
    "check_complete",
    "check_redistribution",
    "connect",
    "next_release",
    "plan_push",
    "push_folder",
    "stamped",
    "verify_release",
]
