"""The `datasets` side: one GeneratorBasedBuilder with a config for every cell."""
