"""The commands of `itdr`, a module for each group; heavy imports wait inside the functions."""
