# Each target makes its own virtual environment under .venv/ when there is none, and makes it again
# when pyproject.toml changes. Nothing is needed but Python 3.11 or later and make.

PYTHON ?= python3
VENV ?= .venv
MINUTES ?= 1
DOORS ?=
WORKERS ?= 1
BENCH ?=
PIP = -m pip --disable-pip-version-check --quiet

.PHONY: help demo test lint types docs bench fuzz clean

help:
	@echo "demo   score 193 governments and print the league table and one profile"
	@echo "test   run the tests with coverage"
	@echo "lint   check style and format"
	@echo "types  check types"
	@echo "docs   build the documentation into site/"
	@echo "bench  measure speed against bare NumPy: make bench BENCH='sensitivity --quick'"
	@echo "fuzz   read mutated input at every door: make fuzz MINUTES=5 DOORS='csv saved'"
	@echo "clean  remove what the others made"

demo: $(VENV)/demo/made
	$(VENV)/demo/bin/python examples/quickstart.py

test: $(VENV)/test/made
	$(VENV)/test/bin/python -m coverage erase
	$(VENV)/test/bin/python -m coverage run -m pytest --numprocesses auto --dist worksteal
	$(VENV)/test/bin/python -m coverage combine --quiet
	$(VENV)/test/bin/python -m coverage report

lint: $(VENV)/lint/made
	$(VENV)/lint/bin/ruff check
	$(VENV)/lint/bin/ruff format --check

types: $(VENV)/lint/made
	$(VENV)/lint/bin/mypy

docs: $(VENV)/docs/made
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/python -m mkdocs build --strict
	@echo "the site is in site/index.html"

bench: $(VENV)/bench/made
	$(VENV)/bench/bin/python benchmarks/run.py $(BENCH)

fuzz: $(VENV)/test/made
	$(VENV)/test/bin/python -m tests.fuzzing --minutes $(MINUTES) --workers $(WORKERS) $(DOORS)

clean:
	rm -rf $(VENV) site .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The demonstration shows that the package alone is enough: no data-frame library.
$(VENV)/demo/made: pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)/demo
	$(VENV)/demo/bin/python $(PIP) install --editable .
	touch $@

# Dependency groups need pip 25.1.
$(VENV)/%/made: pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)/$*
	$(VENV)/$*/bin/python $(PIP) install --upgrade "pip>=25.1"
	$(VENV)/$*/bin/python $(PIP) install --editable . --group $*
	touch $@
