"""Build a cell from its tables: rows, then examples, then files; on this machine or on Spark."""
