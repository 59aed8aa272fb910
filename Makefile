# Python 3.11 or later and make are all that is needed: `make help` lists what there is.
# Another Python: make test PYTHON=python3.13

PYTHON ?= python3
PORT ?= 8000
environment = @"$(PYTHON)" tools/environment.py

# Drivers of what the environment names, and of nothing else.
drivers = $(if $(filter postgres%,$(DATABASE_URL)),postgresql) \
	$(if $(filter mysql%,$(DATABASE_URL)),mariadb) \
	$(if $(REDIS_URL)$(filter redis%,$(CACHE_URL)),redis) \
	$(if $(CHROMIUM),browser)

# Settings of whatever project was at work in this shell before.
unexport DJANGO_SETTINGS_MODULE

.PHONY: help demo test lint types messages services screenshots bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## Run the example on http://localhost:8000, or another PORT=...
	$(environment) example $(drivers)
	@.venv/bin/python tools/demo.py $(PORT)

test: ## Run all tests and measure coverage; ARGS="-k cookie" runs some
	$(environment) test $(drivers)
	.venv/bin/python -X dev -m pytest $(or $(ARGS),--cov --cov-report=term)

lint: ## Run all linters, as each commit does after `.venv/bin/pre-commit install`
	$(environment) lint typing
	.venv/bin/pre-commit run --all-files

types: ## Check the types alone
	$(environment) typing
	.venv/bin/mypy

messages: ## Bring the catalogues of translations up to date, and compile them
	$(environment) test
	@.venv/bin/python -m tools.messages

services: ## Start PostgreSQL, MariaDB and Redis for tests, until Ctrl-C
	@"$(PYTHON)" tools/services.py

screenshots: ## Take the pictures of the documentation, with Chromium
	$(environment) browser
	.venv/bin/python -m example_project.screenshots

bench: ## Compare with Django's sessions and other packages; ARGS=--quick tries it
	$(environment) bench
	@.venv/bin/python -m benchmarks $(ARGS)

clean: ## Remove what the other targets made, except .env and the example's database
	rm -rf .venv .tox .coverage .coverage.* .pytest_cache .ruff_cache .import_linter_cache \
		.mypy_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
