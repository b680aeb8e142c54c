# The commands of the house. `make demo` and `make test` need Python 3.11 with venv, git and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
WORKERS ?= auto
STYLES_FROM := govuk-frontend@6.6.0 sass@1.108.2

.PHONY: demo test check unit faults bench law styles requirements clean

## Build the demonstration world, play 2005-2022 through both books, verify it
demo: .venv/runtime
	$(BIN)/openets demo --again

## Format, lint, types, layers, then every test (those in a browser need Chromium on the path)
test: check unit

check: .venv/develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/openets law check

unit: .venv/develop
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

## Thousands of injected faults on both databases (the test suite runs hundreds)
faults: .venv/develop
	OPENETS_FAULT_POINTS=4000 $(BIN)/pytest -n $(WORKERS) tests/faults

## The whole path beside a plain Django baseline, on SQLite and PostgreSQL
bench: .venv/develop
	$(BIN)/python -m benchmarks

## Write the pages and the schema of the law, and the catalogue of refusals, anew
law: .venv/runtime
	rm -f docs/law/*/*.md
	for place in openets/rulebook/law/*/; do \
	  $(BIN)/openets law pages --jurisdiction $$(basename $$place) \
	    --out docs/law/$$(basename $$place) > /dev/null; \
	done
	$(BIN)/openets law schema --out docs/law/schema
	$(BIN)/openets law refusals --out docs/manual

## Compile the style sheet of the pages anew (needs npm; what comes out is committed)
styles:
	place=$$(mktemp -d) && npm install --silent --no-save --prefix $$place $(STYLES_FROM) && \
	  cp openets/interfaces/design/openets.scss $$place && \
	  $$place/node_modules/.bin/sass --style=compressed --no-source-map --no-charset \
	    --load-path=$$place/node_modules $$place/openets.scss \
	    openets/interfaces/design/static/openets.css && rm -r $$place

## Lock the dependencies anew
requirements: .venv/develop
	for set in build runtime develop; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --allow-unsafe --upgrade \
	    -o requirements/$$set.txt requirements/$$set.in; \
	done

clean:
	rm -rf .venv demo .mypy_cache .ruff_cache .hypothesis build *.egg-info

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime: requirements/build.txt requirements/runtime.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/develop: requirements/develop.txt .venv/runtime
	$(BIN)/pip install -q --require-hashes -r requirements/develop.txt
	@touch $@
