"""Run the command line with `python -m itdr_hf`."""

from itdr_hf.cli.app import main

main()
