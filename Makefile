# What people type. Everything sets itself up; nothing is installed outside of .venv
# (but for the container engine on a bare Debian, see tests/stack).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
DEV_STAMP := $(VENV)/.ready-dev
ENV_FILE ?= .env
# Three at once on two cores: tests wait for brokers and processes as much as they work.
JOBS ?= 3
# What needs Spark is a target of its own.
PYTEST = $(BIN)/pytest -n $(JOBS) --dist loadfile --ignore tests/container/spark
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup dev demo up local cloud down test test-long test-spark test-cloud coverage unit lint types released check fast release-check reference wheels image bench bench-quick clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make the virtual environment and install the package
dev: $(DEV_STAMP) ## The same, with what tests and checks need

# What a bare machine may lack is named before Python's own words about it could confuse.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "$(PYTHON) is not there; on Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[local]'
	@touch $@

$(DEV_STAMP): $(STAMP) pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Ten readings, the whole way, in one process
	@$(BIN)/freezer demo

up: $(STAMP) ## Start Kafka and Schema Registry in containers
	@$(BIN)/freezer local up

local: up ## The same, then topics, access, .env and schemas: ready to produce
	@$(BIN)/freezer topics apply --target local --env-file .env.local --write-env $(ENV_FILE)
	@$(BIN)/freezer schema register --env-file $(ENV_FILE)
	@$(BIN)/freezer doctor --env-file $(ENV_FILE)

cloud: $(STAMP) ## From a Confluent Cloud account to a cluster that takes events
	@infra/bootstrap --write-env $(ENV_FILE) $(ARGS)

down: $(STAMP) ## Stop the containers
	@$(BIN)/freezer local down

lint: $(DEV_STAMP) ## Style and layers
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-cache

types: $(DEV_STAMP) ## Types
	$(BIN)/mypy

released: $(DEV_STAMP) ## Released schemas are as they were on main
	@FREEZER=$(BIN)/freezer .ci/schemas

unit: $(DEV_STAMP) ## The tests that need no container
	$(PYTEST) -m "not long" tests/unit tests/infra

test: $(DEV_STAMP) ## Everything, with the real Kafka and registry in containers
	@$(BIN)/python -m tests.stack
	$(PYTEST) -m "not long"

test-long: $(DEV_STAMP) ## Everything, property tests with 40 times the examples, and soaks
	@$(BIN)/python -m tests.stack
	TEST_LONG=1 $(PYTEST) --timeout 3600

test-spark: $(DEV_STAMP) ## Spark's workers against the Kafka in containers (installs PySpark, 450 MB)
	@$(BIN)/python -m tests.stack
	$(BIN)/pip install --quiet --editable '.[spark]'
	$(BIN)/pytest tests/container/spark

test-cloud: $(DEV_STAMP) ## What is relied on, asked of the real `confluent` on PATH
	FREEZER_REAL_CONFLUENT=1 $(BIN)/pytest -rs tests/infra/real

coverage: $(DEV_STAMP) ## Everything, and which lines of producer/ no test ran
	@$(BIN)/python -m tests.stack
	$(PYTEST) -m "not long" --cov --cov-report=term:skip-covered --cov-fail-under=95

check: lint types released test ## What CI runs

fast: $(STAMP) ## Compile again what make setup did, or say why it cannot be
	@command -v $${CC:-cc} >/dev/null || \
	  { echo "no C compiler; on Debian: apt-get install gcc python3-dev"; exit 1; }
	FREEZER_COMPILE=1 $(BIN)/pip install --quiet --no-deps --editable .

release-check: $(DEV_STAMP) ## What would be published, looked at as its users will
	@$(BIN)/python -m tests.release

reference: $(DEV_STAMP) ## docs/reference.md, of the docstrings
	@$(BIN)/python -m tests.release.reference

IMAGE ?= freezer-events
CONTAINERS ?= docker
wheels: $(STAMP) ## The wheels that an image is built of, with the compiled encoder if there is a compiler
	rm -rf dist/wheels
	HATCH_BUILD_HOOK_ENABLE_CUSTOM=$$(command -v $${CC:-cc} >/dev/null && echo true || echo false) \
	  $(BIN)/pip wheel --quiet --wheel-dir dist/wheels '.[metrics]'

image: wheels ## A container image of the producer (infra/deploy/)
	$(CONTAINERS) build --file infra/deploy/Containerfile --tag $(IMAGE) \
	  --build-arg BASE=$${BASE:-python:$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')-slim-bookworm} dist/wheels

bench: $(STAMP) ## Speed beside peers, on the mock cluster and on the Kafka of make up
	$(BIN)/pip install --quiet --editable '.[bench]'
	-@$(MAKE) --no-print-directory fast
	-@$(BIN)/pip install --quiet --no-deps quixstreams 'rocksdict>=0.3,<0.4' jsonlines jsonpath-ng
	@$(BIN)/python -m benchmarks

bench-quick: $(STAMP) ## Ours, Confluent's way and ready bytes, in a minute
	@$(BIN)/python -m benchmarks --quick

clean: ## Remove what was made here
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
	  .coverage .coverage.* dist build *.egg-info producer/freezer_events/*/fast/*.so
