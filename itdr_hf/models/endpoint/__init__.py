"""One client for servers that speak the OpenAI protocol: requests, validated replies, pace, retries."""

from itdr_hf.models.endpoint.client import Client, Unanswered, connect, run_to_end
from itdr_hf.models.endpoint.keys import given_key, read_key
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.parameters import merge_parameters, read_parameters
from itdr_hf.models.endpoint.request import Ask, Reply, checked_endpoint

__all__ = [
    "Ask",
    "Client",
    "RateLimiter",
    "Reply",
    "Unanswered",
    "checked_endpoint",
    "connect",
    "given_key",
    "merge_parameters",
    "read_key",
    "read_parameters",
    "run_to_end",
]
