# `make test` needs Python 3.11 or later and make, nothing else.
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python

.PHONY: help test clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

test: .venv/.installed ## Run the tests
	$(VENV_PYTHON) -X dev -m pytest --cov --cov-report=term

.venv/.installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make test PYTHON=..." if sys.version_info < (3, 11) else 0)'
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(VENV_PYTHON) -m pip install --quiet --upgrade pip
	$(VENV_PYTHON) -m pip install --quiet --editable . --group test
	touch $@

clean: ## Remove what the other targets made
	rm -rf .venv .tox .coverage .pytest_cache .ruff_cache .import_linter_cache build dist *.egg-info
