# Python 3.11 or later and make are all that is needed: `make help` lists what there is.
# Another Python: make test PYTHON=python3.13

PYTHON ?= python3
PORT ?= 8000
environment = @sh tools/environment.sh "$(PYTHON)"

# Drivers of what the environment names, and of nothing else.
drivers = $(if $(filter postgres%,$(DATABASE_URL)),postgresql) \
	$(if $(filter mysql%,$(DATABASE_URL)),mariadb) \
	$(if $(REDIS_URL)$(filter redis%,$(CACHE_URL)),redis) \
	$(if $(CHROMIUM),browser)

# Settings of whatever project was at work in this shell before; and Python compiles each module once.
unexport DJANGO_SETTINGS_MODULE PYTHONDONTWRITEBYTECODE

# The newest of all packages that suit each other, on every Python and every machine. uv writes no
# address of a registry into these files: everybody has the packages from the one they are set up for.
compile = .venv/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(ARGS)

.PHONY: help demo test test-newest coverage lint types messages services screenshots bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## Run the example on http://localhost:8000, or another PORT=...
	$(environment) example $(drivers)
	@.venv/bin/python tools/demo.py $(PORT)

test: ## Run the tests, but for slow ones and the thousandth case of a rule; ARGS="-k cookie" runs some
	$(environment) test $(drivers)
	.venv/bin/python -m pytest $(or $(ARGS),-n auto --dist worksteal -m "not slow and not many")

test-newest: ## Run the tests with the newest packages, whatever the lock says
	$(environment)
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-newest
	.venv/bin/uv pip install --quiet --refresh --python .venv-newest/bin/python \
		$(addprefix --group ,test ecosystem fastapi openapi servers $(drivers))
	@echo "From the newest packages back to the lock:"
	@.venv/bin/uv pip install --dry-run --python .venv-newest/bin/python \
		--constraints requirements/lock.txt --constraints requirements/django.txt \
		$(addprefix --group ,test ecosystem fastapi openapi servers $(drivers))
	.venv-newest/bin/python -m pytest $(or $(ARGS),-n auto --dist worksteal -m "not slow and not many")

coverage: ## Run all tests, and demand that they reach each branch
	$(environment) test $(drivers)
	.venv/bin/python -m pytest -n auto --dist worksteal --cov --cov-report=term $(ARGS)

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

lock: ## Renew the lock of all packages; ARGS="--exclude-newer 2026-11-01" that of a day
	$(environment)
	@$(compile) --python-version 3.11 --group lock --no-emit-package django --fork-strategy fewest \
		--output-file requirements/lock.txt
	@echo "uv" | $(compile) --python-version 3.11 --constraints requirements/lock.txt \
		--output-file requirements/uv.txt -
	@echo "Django" | $(compile) --python-version 3.11 --no-deps \
		--output-file requirements/django.txt -
	@echo "Django~=5.2.0" | $(compile) --python-version 3.11 --no-deps \
		--output-file requirements/django52.txt -
	@echo "Django~=6.0.0" | $(compile) --python-version 3.12 --no-deps \
		--output-file requirements/django60.txt -
clean: ## Remove what the other targets made, except .env and the example's database
	rm -rf .venv .venv-newest .tox .coverage* .pytest_cache .ruff_cache .import_linter_cache \
		.mypy_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
