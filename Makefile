# Everything a newcomer needs: `make demo` and `make test`; both set themselves up.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-from-lock

.PHONY: demo test check lint types imports format lock compiled clean

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## One simulated hospital day, from FHIR events to answered claims.
	@$(BIN)/chartline demo $(ARGS)

test: $(STAMP) ## Every test, on a real Postgres and a real Kafka.
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: lint types imports ## What a reviewer would otherwise have to say.

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

imports: $(STAMP)
	@$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## Pin every dependency with hashes; needs uv.
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra dev --output-file requirements.lock pyproject.toml build-requirements.in

compiled: $(STAMP) ## The engine compiled to C, faster; needs a C compiler. Then: PYTHONPATH=.chartline/compiled ...
	@rm -rf .chartline/compiled
	@$(BIN)/python deploy/compile_engine.py .chartline/compiled

clean:
	rm -rf $(VENV) .chartline
