"""Run `itdr_hf.models.train.step` from its former place."""

from itdr_hf.models.train.step import main

if __name__ == "__main__":
    main()
