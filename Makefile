# Each target sets itself up: a fresh machine needs Python 3.11 or later and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
UV := $(BIN)/uv --quiet
WORKERS ?= 3
unexport PYTHONDONTWRITEBYTECODE # without bytecode on disk every start of Python takes twice as long

.PHONY: help setup demo test lint bench lock clean

help:  ## Say what there is to make
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed  ## Install the project and everything that it needs into .venv

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip --quiet --disable-pip-version-check install 'uv>=0.5'
	$(UV) pip sync --python $(BIN)/python requirements.lock
	$(UV) pip install --python $(BIN)/python uv
	$(UV) pip install --python $(BIN)/python --no-deps --editable .
	touch $@

demo: setup  ## Start the sandbox and run weekly-db against it
	$(BIN)/hasivu-play run weekly-db
	@echo 'The sandbox runs on. Look at it with: $(BIN)/hasivu-play sandbox status; stop it with: $(BIN)/hasivu-play sandbox down'

test: setup lint  ## Run every linter and every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

lint: setup  ## Run the linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/ansible-lint --offline

bench: setup  ## Print every figure that the documents quote
	$(BIN)/python -m benchmarks

lock:  ## Pin what CI installs, with hashes
	$(UV) pip compile --python-version 3.11 --universal --all-extras --generate-hashes pyproject.toml --output-file requirements.lock

clean:  ## Stop the sandbox and remove what was installed
	-$(BIN)/hasivu-play sandbox down
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .ansible
