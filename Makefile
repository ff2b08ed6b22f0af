# Every target sets up what it needs: the first one on a fresh machine makes .venv and installs the package into it.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo serve test test-slow mutants lint format generate clients clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

install: $(STAMP) ## Make the virtual environment and install the package with its tools

demo: $(STAMP) ## Start the reference server, run the conformance suite against it, print the report
	@$(BIN)/staycheck demo

serve: $(STAMP) ## Start the mock server on port 8787
	@$(BIN)/staycheck serve

test: $(STAMP) ## Run the tests, without the slow ones
	$(BIN)/python -m pytest -m "not slow" -n auto

test-slow: $(STAMP) ## Run the slow tests
	$(BIN)/python -m pytest -m slow

mutants: $(STAMP) ## Judge our own server once per mutant and write down which rules found it (minutes)
	rm -f staycheck/kill_matrix.json
	$(BIN)/staycheck mutants --record staycheck/kill_matrix.json

lint: $(STAMP) ## Everything that is checked without running the product; the same as pre-commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check_schemas
	$(BIN)/python -m tools.generate_models --check

format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(STAMP) ## Write contract/generated/ anew from schemas/
	$(BIN)/python -m tools.generate_models

clients: ## Install what tests need of Node: the official Pusher clients, and the runners of two examples
	npm ci --prefix tests/clients --no-audit --no-fund
	npm ci --prefix examples/vitest --no-audit --no-fund
	npm ci --prefix examples/playwright --no-audit --no-fund

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/clients/node_modules examples/*/node_modules benchmarks/*/node_modules
