"""RecLM: profiles of users and items that carry what similar users and items say, and how a model learns to write them."""
