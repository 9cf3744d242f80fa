"""One client for servers that speak the OpenAI protocol: requests, tokens, pace, retries."""
