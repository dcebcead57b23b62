# Everything a newcomer needs: `make run` and `make test`. Both set up what they need first.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
WORKERS ?= 1
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test lint types clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(VENV)/.run: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.run

run: $(VENV)/.run  ## start the service on its own database: make run PORT=8080
	@exec $(BIN)/order-ledger serve --quickstart --host $(HOST) --port $(PORT) --workers $(WORKERS)

test: $(VENV)/.test lint types  ## linter, types and every test
	$(BIN)/python -m pytest -n $(JOBS)

lint: $(VENV)/.test  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test  ## mypy, strict
	$(BIN)/mypy

clean:  ## remove the virtual environment and caches, never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
