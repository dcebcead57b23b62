# Everything a newcomer needs: `make run` and `make test`. Both set up what they need first.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
WORKERS ?= 1
JOBS ?= 2
FUZZ_REQUESTS ?= 200000
SCREENSHOTS ?= screenshots
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test fuzz screenshots lint types clean

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

# The tests also run Chargebee's SDK as many still have it, beside the newer one that they import.
$(VENV)/chargebee-2/.installed: Makefile | $(VENV)/.test
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $(@D) chargebee==2.60.1
	@touch $@

run: $(VENV)/.run  ## start the service on its own database: make run PORT=8080
	@exec $(BIN)/order-ledger serve --quickstart --host $(HOST) --port $(PORT) --workers $(WORKERS)

test: $(VENV)/.test $(VENV)/chargebee-2/.installed lint types  ## linter, types and every test
	$(BIN)/python -m pytest -n $(JOBS)

fuzz: $(VENV)/.test  ## ten times the requests of `make test`, and its laws twenty times as often: make fuzz FUZZ_REQUESTS=…
	FUZZ_REQUESTS=$(FUZZ_REQUESTS) $(BIN)/python -m pytest tests/fuzz -n $(JOBS) -o timeout=3600
	LAWS_TIMES=20 $(BIN)/python -m pytest tests/ledger -n $(JOBS) -o timeout=3600

screenshots: $(VENV)/.test  ## every screen of the console at three widths in both themes, for people to look at
	$(BIN)/python -m tests.browser.screenshots $(SCREENSHOTS)

lint: $(VENV)/.test  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test  ## mypy, strict
	$(BIN)/mypy

clean:  ## remove the virtual environment and caches, never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
