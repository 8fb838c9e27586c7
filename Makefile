# Everything needs Python >= 3.11 and make; the rest is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
export CX_HOME ?= $(CURDIR)/data

.PHONY: run test lint dev bench lock clean

run: .venv/installed
	@$(BIN)/cx run --demo-if-empty

test: lint
	@$(BIN)/python -m pytest --numprocesses auto --no-loadscope-reorder

lint: .venv/installed
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project

dev: .venv/installed
	@$(BIN)/cx prepare
	@DAGSTER_HOME=$${DAGSTER_HOME:-$(CX_HOME)/dagster} \
	  $(BIN)/dagster dev --workspace workspace.yaml --host 127.0.0.1 --port 3000

bench: .venv/installed
	@$(BIN)/python -m benchmarks

# Hashed and without addresses, so that it says what is installed and nobody's mirror.
lock: .venv/uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --group dev \
	  pyproject.toml --output-file requirements.lock

.venv/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@touch $@

# Compiled now: where bytecode is not kept, each Python that a run starts would do it again. And
# dbt's project is parsed now, so that the first run need not.
.venv/installed: .venv/uv requirements.lock pyproject.toml
	@echo "Installing into .venv …"
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --editable .
	@$(BIN)/python -m compileall -q pipelines
	@$(BIN)/python -m pipelines.dbt_manifest
	@touch $@

clean:
	rm -rf .venv dbt_project/target dbt_project/logs .mypy_cache .ruff_cache .pytest_cache
