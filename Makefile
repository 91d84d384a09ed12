# Each target makes the environment first if it is missing.
PYTHON ?= python3
CORES ?= all
TEST_PROCESSES ?= logical --maxprocesses 8
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_VENV := .bench-venv
BENCH_STAMP := $(BENCH_VENV)/.installed
BENCH_LISTS := benchmarks/requirements.txt benchmarks/requirements-no-deps.txt
SOURCES := pkg tests benchmarks workflow/scripts docs/hooks
RULES := Snakefile workflow/Snakefile workflow/report/Snakefile workflow/rules/*.smk

# pip and Snakemake keep caches in the home folder; where that is full or cannot be written, here
export XDG_CACHE_HOME := $(shell d="$${XDG_CACHE_HOME:-$$HOME/.cache}"; f="$$d/advscape-$$$$"; \
	mkdir -p "$$d" 2>/dev/null && echo tried 2>/dev/null >"$$f" && echo "$$d" || echo "$(CURDIR)/.cache"; \
	rm -f "$$f" 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help env autoattack slurm bench-env bench reproduce check-results test test-cluster lint format lock schema docs clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

env: $(STAMP) ## Make the environment in .venv from the lock file

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "advscape needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
	@echo "== environment: $(VENV), from requirements.lock (torch is large: some GB, some minutes)"
	@rm -rf $(VENV)  # venv --clear would empty what a symbolic link points to
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

autoattack: $(STAMP) ## Add AutoAttack, an optional package, to the environment
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r requirements-autoattack.lock

slurm: $(STAMP) ## Add Snakemake's SLURM plugin, an optional package, to the environment
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r requirements-slurm.lock

bench-env: $(BENCH_STAMP) ## Make the environment of the benchmarks, with their peers, in .bench-venv

$(BENCH_STAMP): $(BENCH_LISTS) pyproject.toml
	@echo "== environment: $(BENCH_VENV), from benchmarks/requirements*.txt (torch again: some GB)"
	@rm -rf $(BENCH_VENV)
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/requirements-no-deps.txt
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

bench: $(BENCH_STAMP) ## Measure all benchmarks beside their peers (40 to 75 minutes), and write their tables and figure
	@echo "== benchmarks; verdicts.py (90 minutes), workflow.py and claims.py are left out"
	$(BENCH_VENV)/bin/python benchmarks/all.py

reproduce: $(STAMP) ## Run the default study: tables, claims, figures, report
	@echo "== default study: config.yaml on $(CORES) cores"
	$(BIN)/snakemake --cores $(CORES)
	@echo "== done: results/default/report.html, results/default/tables/, results/default/figures/"

check-results: $(STAMP) ## Run a small part of the reference studies (minutes), and compare with the tables in docs/results
	$(BIN)/python -m tests.reference.check_results

test: $(STAMP) ## Run the tests
	@echo "== tests"
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

test-cluster: $(STAMP) ## Run the cluster tests on a small SLURM of their own, which they start and stop
	@echo "== cluster tests"
	$(BIN)/python -m pytest -m cluster tests/cluster

lint: $(STAMP) ## Check code, rules and formatting
	@echo "== lint"
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/snakefmt --check $(RULES)
	$(BIN)/snakemake --lint

format: $(STAMP) ## Format code and rules
	$(BIN)/ruff check --fix --exit-zero --quiet $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/snakefmt $(RULES)

schema: $(STAMP) ## Write what the documentation has from the code: schema, parameters, columns, rules
	$(BIN)/python -m advscape.study.schema > workflow/schemas/config.schema.json
	$(BIN)/python -m docs.hooks.config_table config/README.md
	$(BIN)/python -m docs.hooks.rule_graph docs/images/rules.svg
	$(BIN)/python -m advscape.tables.document docs/tables.md

docs: $(STAMP) ## Build the documentation's site in site/; its blocks are run
	@echo "== documentation"
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "== done: site/index.html"

lock: ## Pin all dependencies again (needs uv); then bring environment.yml in step
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" --upgrade -o requirements.lock

clean: ## Remove the environment and all results
	rm -rf $(VENV) $(BENCH_VENV) .bench .snakemake .pytest_cache .ruff_cache .mypy_cache .hypothesis .cache site
	find results -mindepth 1 ! -name README.md -delete
