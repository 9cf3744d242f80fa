"""`python -m itdr_hf` is the command line."""

from itdr_hf.cli.app import main

main()
