"""ITDR, the first family: one module per task; the id is the module's name."""
