# `make demo`, `make test`, `make lint`, `make format`, `make bench`, `make score`, `make docs` (and of it `make
# pages`, without measuring the accuracy again): each sets up what it needs first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A worker holds PyTorch and its inputs: more of them than cores would only wait for one another.
WORKERS ?= 2

.PHONY: demo test lint format bench score docs pages clean

demo: $(READY)
	$(BIN)/python examples/demo.py

# Each worker on one thread, for all cores are taken.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks

score: $(READY)
	$(BIN)/python -m tests.corpus.score

docs: $(READY)
	$(BIN)/python -m docs.generator --measure

pages: $(READY)
	$(BIN)/python -m tests.nn.stub
	$(BIN)/python -m docs.generator

clean:
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests examples benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The build backend is pinned like everything else, so it is installed first and builds in this environment.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt hatchling
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable ".[dev]"
	touch $@
