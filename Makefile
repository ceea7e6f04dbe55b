# Every target does its own set-up: a virtual environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LINTED := $(VENV)/.linted
TESTS ?= tests
# One more than there are processors: the tests of servers wait more than they work.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')

.PHONY: help setup demo test live check types style layers content format docs bench clean

help:
	@echo "make demo    set up, make a lake with an attack in it, hunt it"
	@echo "make test    set up, run all tests"
	@echo "make live    set up, hold our answers, tables and queries against a real Trino"
	@echo "make check   set up, run the linters, the types and the layers"
	@echo "make docs    set up, write what is generated in docs"
	@echo "make bench   set up, measure reading and hunting"

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q src
	@touch $@

demo: setup
	$(BIN)/lakehunt demo

test: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

# Needs Java 24 or newer and Maven, which fetches Trino once (450 MB, kept in ~/.cache/lakehunt).
live: setup
	$(BIN)/python -m pytest -m live tests/trino_live

check: types style layers content

types: setup
	$(BIN)/mypy

style: setup $(LINTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

layers: setup
	$(BIN)/lint-imports

content: setup
	$(BIN)/lakehunt check --no-cases

# Linting takes a second a query: only those that changed since the last time.
$(LINTED): $(shell find queries -name '*.sql') | setup
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar $?
	@touch $@

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/python -m scripts.docs
	$(BIN)/python -m scripts.attack_run

bench: setup
	$(BIN)/python -m benchmarks.run

clean:
	rm -rf $(VENV) demo-lake .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
