"""Run `itdr_hf.models.train.tiny` from its former place."""

from itdr_hf.models.train.tiny import main

if __name__ == "__main__":
    main()
