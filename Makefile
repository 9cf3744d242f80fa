# The whole path on one machine: `make data`, then `make test`. Needs python3 (3.11 or newer) with venv, and make.
PYTHON ?= python3
SCALE ?= 1.0
RAW ?= raw
OUT ?= itdr
BIN := .venv/bin
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: data test push check format clean

data: $(RAW)/.simulated-$(SCALE)  ## simulate raw releases, build every cell into ./itdr
	$(BIN)/itdr build --raw $(RAW) --out $(OUT)

test: .venv/.installed  ## every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup

push: .venv/.installed  ## publish ./itdr: make push REPO=someone/itdr [ARGS=--dry-run]
	$(BIN)/itdr push $(OUT) --repo-id $(REPO) $(ARGS)

check: .venv/.installed  ## format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf .venv/typed && mkdir .venv/typed && cp -R itdr_hf .venv/typed/  # as installed: one package
	cp -R builders cards .venv/typed/itdr_hf/
	cd .venv/typed && ../bin/mypy --config-file ../../pyproject.toml --package itdr_hf
	$(MAKE) test

format: .venv/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(RAW)/.simulated-$(SCALE): .venv/.installed
	$(BIN)/itdr simulate $(RAW) --scale $(SCALE)
	touch $@

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv $(RAW) $(OUT)
