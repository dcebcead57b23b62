# Everything a newcomer needs: `make run` and `make test`. Both set up what they need first.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
WORKERS ?= 1
# One more than the cores that there are at least: many tests wait for a server or a kill.
JOBS ?= 3
FUZZ_REQUESTS ?= 240000
CHAOS_KILLS ?= 50
SCREENSHOTS ?= screenshots
VENV := .venv
BIN := $(VENV)/bin
# What Python has compiled is kept, whatever the machine is set to: the tests start the service a hundred times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test tests fuzz chaos screenshots lint types clean

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

test: $(VENV)/.test $(VENV)/chargebee-2/.installed lint  ## linter, types and every test
	@$(MAKE) --no-print-directory --jobs=2 types tests

# Neighbours stay in one process as long as there is other work: they share services that are started once.
tests: $(VENV)/.test $(VENV)/chargebee-2/.installed  ## every test, without linter and types
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

fuzz: $(VENV)/.test  ## twenty times the random requests of `make test`, and as often its laws: make fuzz FUZZ_REQUESTS=…
	FUZZ_REQUESTS=$(FUZZ_REQUESTS) $(BIN)/python -m pytest tests/fuzz -n $(JOBS) -o timeout=3600
	LAWS_TIMES=20 $(BIN)/python -m pytest tests/ledger tests/projections tests/api/test_fuzz.py tests/api/test_invoice.py -n $(JOBS) -o timeout=3600

chaos: $(VENV)/.test  ## every fault, and a long run of kills under load: make chaos CHAOS_KILLS=… CHAOS_SEED=…
	CHAOS_KILLS=$(CHAOS_KILLS) CHAOS_SEED=$(CHAOS_SEED) $(BIN)/python -m pytest tests/chaos --capture=no

screenshots: $(VENV)/.test  ## every screen of the console at three widths in both themes, for people to look at
	$(BIN)/python -m tests.browser.screenshots $(SCREENSHOTS)

lint: $(VENV)/.test  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test  ## mypy, strict
	$(BIN)/mypy

clean:  ## remove the virtual environment and caches, never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
	find . -name var -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
