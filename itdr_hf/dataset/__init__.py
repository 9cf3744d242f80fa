"""A built dataset: its folder, shards, ledger, card, statistics, differences and audit."""
