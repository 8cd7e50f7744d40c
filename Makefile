# The two commands that matter: `make demo` and `make test`. Everything else is a part of them or a longer look.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.stamp
SHELL  := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Where the environment says that Python keeps no bytecode, every process would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

setup: $(STAMP)  ## the environment; quick when nothing changed

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Doorstep needs Python 3.11 or newer; {v.major}.{v.minor} was found. Name another one: make PYTHON=python3.12 setup")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python has no venv here. Install it: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "Making an environment in $(VENV): a few minutes, this once ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the packages of requirements/dev.txt ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "Compiling them ..."
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null || true
	@touch $@

demo: setup      ## a fresh shop in a living sandbox world; Ctrl-C stops everything
	@exec $(BIN)/python -m sandbox.demo

lint: setup      ## format, rules, types, import contracts; and that every test finds what it imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(BIN)/mypy & types=$$!; failed=0; \
	$(BIN)/python -m pytest --collect-only -q -n 0 tests | tail -n 12 || failed=1; \
	$(BIN)/lint-imports --no-cache || failed=1; \
	wait $$types || failed=1; exit $$failed

check: lint      ## the fast part: lint, then core, connectors, layout and documentation
	$(BIN)/python -m pytest tests/core tests/connectors tests/test_*.py -n 2

test: setup      ## everything that CI runs
	@$(MAKE) --no-print-directory -j 2 --output-sync=target tools lint
	tests/run

cover: setup tools  ## count every line and branch: 100 % of core, 95 % of all
	rm -f .coverage .coverage.*
	$(BIN)/python -m coverage run -m pytest tests/core tests/connectors tests/app tests/web -n 2
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report --include='src/doorstep/core/*' --fail-under=100 --skip-covered
	$(BIN)/python -m coverage report --fail-under=95 --skip-covered

tools: setup     ## what tests need beside Python: Chromium and Node (installed where it can be done, else named)
	@$(BIN)/python -m tests.tools

docs: setup      ## write the generated tables
	$(BIN)/python docs/generate.py

site: setup      ## the documentation as a site with search, in .site/
	@test -x .cache/site/bin/zensical || { $(BIN)/python -m venv .cache/site && .cache/site/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/site.txt; }
	.cache/site/bin/zensical build --strict

sbom: setup      ## what an installed Doorstep is made of, as CycloneDX JSON in sbom.json
	$(BIN)/python docs/sbom.py > sbom.json

scan: setup      ## schemathesis over the API, wapiti over all pages as each kind of user
	@test -x .cache/wapiti/bin/wapiti || { $(BIN)/python -m venv .cache/wapiti && .cache/wapiti/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/wapiti.txt; }
	$(BIN)/python -m tests.scan

mutate: setup    ## break each protection of docs/explanation/security.md in a copy and see a test fail
	$(BIN)/python -m tests.mutation

chaos: setup     ## kill -9 two hundred times while everything flows
	DOORSTEP_KILLS=200 $(BIN)/python -m pytest tests/chaos -n 0 -s

long: site chaos scan mutate cover  ## what takes long
	DOORSTEP_SOAK_MINUTES=$${DOORSTEP_SOAK_MINUTES:-20} $(BIN)/python -m pytest tests/chaos/test_soak.py -n 0 -s
	DOORSTEP_LONG=1 $(BIN)/python -m pytest tests/core tests/connectors tests/fuzz tests/app -m "not vendure" -n 2 --timeout 3600
	DOORSTEP_LONG=1 $(BIN)/python -m tests.tools
	DOORSTEP_LONG=1 $(BIN)/python -m pytest tests/e2e/test_medusa_road.py -n 0 -s
	$(BIN)/python -m benchmarks.pages --lighthouse

bench: setup     ## every claim about speed, measured
	@for script in benchmarks/[a-z]*.py; do name=$$(basename $$script .py); echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

gallery: setup   ## screenshots of the main screens, into docs/gallery
	$(BIN)/python docs/gallery.py

lock: setup      ## renew the locks (hashes for Python 3.11 to 3.13, no index address)
	@cd requirements && for f in base postgres dev node site wapiti; do ../$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --upgrade $$f.in -o $$f.txt; done

clean:           ## remove what was made here
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .hypothesis node_modules .cache

.PHONY: help setup demo lint check test cover tools docs site sbom scan mutate chaos long bench gallery lock clean
