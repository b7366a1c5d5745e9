# The same verbs on a laptop and in CI. `make` alone prints them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install run test fast histories check bench browser lock clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PY := .venv/bin/python
STAMP := .venv/.installed
TEST_ARGS ?=

help: ## Print these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## Put everything the project needs into .venv (repeats are instant)

$(STAMP): requirements/dev.txt pyproject.toml tools/install.sh
	@PYTHON='$(PYTHON)' bash tools/install.sh

# The leash ends the program when make itself is killed; nothing is left running.
run: $(STAMP) ## Start everything, with a demo district, at http://127.0.0.1:8000
	@exec $(PY) -I src/bihuan/wiring/leash.py TERM -- .venv/bin/bihuan run

test: $(STAMP) browser ## Run the whole suite against a real PostgreSQL
	@$(PY) -m pytest -n 2 --dist loadscope $(TEST_ARGS)

fast: $(STAMP) ## Run the kernel's tests: seconds, no database
	@$(PY) -m pytest tests/kernel $(TEST_ARGS)

histories: $(STAMP) ## Walk 10,000 histories through the kernel: five minutes
	@HISTORIES=10000 $(PY) -m pytest tests/kernel/test_histories.py $(TEST_ARGS)

check: $(STAMP) ## Format, lint, types, import contracts, budgets
	@echo '» format';    $(PY) -m ruff format --check
	@echo '» lint';      $(PY) -m ruff check
	@echo '» types';     $(PY) -m mypy src
	@echo '» imports';   .venv/bin/lint-imports
	@echo '» budgets';   $(PY) -m pytest tests/architecture

bench: $(STAMP) ## Run the benchmarks; each prints JSON beside a named baseline
	@.venv/bin/bihuan bench

browser: ## See that the browser tests have a Chromium (as root: install Debian's)
	@bash tools/browser.sh

lock: $(STAMP) ## Resolve the dependencies again into requirements/*.txt
	@$(PY) -m uv pip compile -q pyproject.toml --universal --generate-hashes --no-header --no-annotate --upgrade -o requirements/run.txt
	@$(PY) -m uv pip compile -q pyproject.toml --extra dev --universal --generate-hashes --no-header --no-annotate --upgrade -o requirements/dev.txt

clean: ## Remove caches and build products; the environment and all data stay
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
