# Everything a newcomer needs: `make run` and `make test`. Both set up `.venv` first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# tests that start real processes wait most of the time; apart, so that they do not wait for CPU
ALONE := (acceptance or faults) and not browser and not heavy
TOGETHER := not acceptance and not faults and not browser and not heavy
WORKERS ?= 2

.PHONY: setup run test lint types unit browsers processes heavy bench lock clean

setup: $(STAMP)

$(STAMP): pyproject.toml requirements-dev.lock requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 15) else "NMS Sentinel needs Python 3.11 to 3.14; this is %s. Say: make PYTHON=python3.12 ..." % sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# uv is 20 times faster than pip; where it has no wheel, pip does the same job with the same hashes
	@if $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock; then \
	  $(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements-uv.lock requirements-dev.lock && \
	  $(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(STAMP)
	@echo "Ready: $(BIN)/nms-sentinel --help"

run: setup
	@$(BIN)/nms-sentinel serve --demo

test: setup lint types unit browsers processes

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: setup
	@$(BIN)/mypy

unit: setup
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "$(TOGETHER)"

browsers: setup
	@$(BIN)/pytest -m "browser and not heavy"

processes: setup
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "$(ALONE)"

heavy: setup
	@$(BIN)/pytest -m heavy

bench: setup
	@$(BIN)/python -m tests.benchmarks

lock:
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-dev.lock

clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
