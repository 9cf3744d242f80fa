"""The stand-in as a program, to try pushing by hand: `make hub` prints what to set, and serves until Ctrl-C."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from pathlib import Path

from hubserver import WRITE, Hub
from hubserver.messages import USERS


def main() -> None:
    root = Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with Hub(root, port=port) as hub, suppress(KeyboardInterrupt):
        print(f"A Hub of your own in {root}/; Ctrl-C ends it. In another terminal:\n")
        print(f"    export HF_ENDPOINT={hub.url} HF_TOKEN={WRITE} HF_HUB_DISABLE_XET=1\n")
        names = (USERS[WRITE].name, *USERS[WRITE].orgs)
        print(f"You may write to {', '.join(names)}, as in --repo-id {names[-1]}/itdr.", flush=True)
        threading.Event().wait()


main()
