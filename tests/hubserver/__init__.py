"""A stand-in Hub on loopback: `with Hub(folder) as hub: HfApi(endpoint=hub.url, token=WRITE)`."""

from hubserver.faults import Fault
from hubserver.messages import OTHER, READ, STRANGER, WRITE
from hubserver.server import Hub

__all__ = ["OTHER", "READ", "STRANGER", "WRITE", "Fault", "Hub"]
