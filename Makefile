# Needs Python 3.11 to 3.14, git and make; everything else comes, by hash, from the two lock files.
# `make sweep` writes to stdout what the sweep writes, and all else to stderr (with -C, add --no-print-directory).

PYTHON ?= python3
REPO ?= .
ARGS ?=
RUNS ?= 3
CORPORA ?= ../shared/corpora
WORKERS ?= 2
SEED ?= 0
STEP ?= 1
MINUTES ?= 60

VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet --quiet

# The tests start this program many hundred times: without its bytecode each start compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help sweep bench accuracy accuracy-pipelines test check unit coverage package test-full lock format clean

help:  ## show the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

# --- environments -----------------------------------------------------------------------------------------------------
# One .venv, two stamps: .core stands for requirements.lock, .dev for requirements-dev.lock, which contains the first.
# A new lock begins a new environment; a changed pyproject.toml alone installs the project again.

WRONG_PYTHON = nhi-agent is set up with Python 3.11 to 3.14 (newer ones lack some wheels yet), and '$(PYTHON)' is none of \
  these. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)

define environment  # $(1): lock file
{ $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
  || { echo "$(WRONG_PYTHON)"; exit 1; }; \
  echo "setting up $(VENV) from $(1)"; \
  $(PYTHON) -m venv --clear $(VENV) && \
  $(PIP) install --require-hashes --only-binary :all: --no-deps -r $(1); } >&2
endef

define project
$(PIP) install --no-deps --no-build-isolation --editable . >&2
endef

# After `make test` the environment is the larger one; a sweep then renews that, and not a smaller one in its place.
CORE_LOCK := $(if $(wildcard $(VENV)/.dev),requirements-dev.lock,requirements.lock)

$(VENV)/.core-lock: $(CORE_LOCK)
	@$(call environment,$(CORE_LOCK))
	@$(if $(filter requirements-dev.lock,$(CORE_LOCK)),touch $(VENV)/.dev-lock;) touch $@

$(VENV)/.core: $(VENV)/.core-lock pyproject.toml
	@$(project)
	@$(if $(filter requirements-dev.lock,$(CORE_LOCK)),touch $(VENV)/.dev;) touch $@

$(VENV)/.dev-lock: requirements-dev.lock
	@$(call environment,requirements-dev.lock)
	@touch $(VENV)/.core-lock $@

$(VENV)/.dev: $(VENV)/.dev-lock pyproject.toml
	@$(project)
	@touch $(VENV)/.core $@

# --- using it ---------------------------------------------------------------------------------------------------------

sweep: $(VENV)/.core  ## sweep one repository: make sweep REPO=../service ARGS='--fail-on medium'
	@$(BIN)/nhi-agent sweep $(ARGS) "$(REPO)" || { code=$$?; echo "nhi-agent sweep ended with exit code $$code" >&2; exit $$code; }

bench: $(VENV)/.core  ## what a sweep of a repository costs, beside git's own floor: make bench REPO=../service RUNS=5
	@$(BIN)/python benchmarks/sweep.py "$(REPO)" $(RUNS)

accuracy: $(VENV)/.dev  ## how often detection is right: make accuracy CORPORA=../corpora ARGS='--show medium'
	@$(BIN)/python -P benchmarks/accuracy.py $(ARGS) "$(CORPORA)"

accuracy-pipelines: $(VENV)/.dev  ## how often pipeline files are read right: make accuracy-pipelines ARGS='--zizmor zizmor'
	@$(BIN)/python -P benchmarks/pipelines.py $(ARGS)

# --- testing it -------------------------------------------------------------------------------------------------------

test: check unit package  ## everything a change must pass

check: $(VENV)/.dev  ## lint, formatting, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/.dev  ## the tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

coverage: $(VENV)/.dev  ## the same with branch coverage, also of every command that they start: twice as long
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-config=tests/coverage.toml --cov-report=term

package: $(VENV)/.dev  ## sdist, wheel, an install in a bare environment, a run beside a hostile folder
	@bash tests/package.sh $(BIN)/python

test-full: test  ## round after round of the long tests: SEED= first seed, STEP= distance to the next, MINUTES= time box
	@begin=$$(date +%s); seed=$(SEED); seeds=; \
	while :; do \
	  echo "round with seed $$seed"; \
	  HYPOTHESIS_PROFILE=full NHI_TEST_KILLS=200 NHI_TEST_PROCESSES=1 TEST_SEED=$$seed $(BIN)/pytest -n $(WORKERS) --dist worksteal -m 'not online' --hypothesis-seed=$$seed || exit 1; \
	  seeds="$$seeds $$seed"; seed=$$((seed + $(STEP))); spent=$$(( $$(date +%s) - begin )); \
	  [ $$spent -lt $$(( $(MINUTES) * 60 )) ] || break; \
	done; \
	echo "time box of $(MINUTES) minutes, $$spent seconds spent; seeds that passed:$$seeds"

# --- keeping it -------------------------------------------------------------------------------------------------------

UV := build/lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  $(if $(UPGRADE),--upgrade)

lock:  ## write both lock files from pyproject.toml; UPGRADE=1 takes the newest versions
	@$(PYTHON) -m venv build/lock && build/lock/bin/python -m pip --quiet --quiet install uv
	@$(UV) --all-extras --group dev --output-file requirements-dev.lock
	@$(UV) --extra postgres --group build --constraint requirements-dev.lock --output-file requirements.lock
	@rm -rf build/lock

format: $(VENV)/.dev  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment, caches and results
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
