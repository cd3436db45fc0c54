# The service's commands. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test lint frontend lock audit sbom chaos soak bench pictures test-containers wheels release-check clean
SHELL := /bin/sh

# Variables on the command line, as in `make run PORT=8001`, reach the service.
ifdef PORT
export PORT
endif

VENV := .venv
PY := $(VENV)/bin/python

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null || grep -E '^[a-z-]+:.*## ' Makefile

$(VENV)/.run: requirements.txt
	@consult/local/set-up run

$(VENV)/.test: requirements.txt tests/requirements.txt
	@consult/local/set-up test

run: $(VENV)/.run ## Set up, then start the whole service
	@exec $(PY) -m consult.local.run

lint: $(VENV)/.test ## Check style, types, templates and words
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	DEBUG=on $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint --quiet templates
	$(PY) -m tests.support.word_list

test: lint ## Set up, check, then run every test
	$(PY) -m pytest

test-containers: $(VENV)/.test ## Build the image, start the containers and send a response through them
	$(PY) -m pytest -n 0 -m containers tests/containers

wheels: $(VENV)/.test ## Check that every pin has a wheel on each promised system; needs network access
	$(PY) -m pytest -n 0 -m wheels tests/test_wheels.py

chaos: $(VENV)/.test ## Kill, pause and cut off parts while people answer, and check every promise; SECONDS, CLIENTS and SEED can be set
	$(PY) -m tests.bench.chaos --seconds $(or $(SECONDS),60) --clients $(or $(CLIENTS),4) $(if $(SEED),--seed $(SEED))

soak: $(VENV)/.test ## Run the longer fault tests, then send COUNT responses (100,000) at RATE a second (35), and check every promise
	$(PY) -m pytest -n 0 -m soak --timeout 0 tests/faults
	$(PY) -m tests.bench.soak --count $(or $(COUNT),100000) --rate $(or $(RATE),35)

bench: $(VENV)/.test ## Measure how long people wait, as ratios within one run
	$(PY) -m tests.bench.pages
	$(PY) -m tests.bench.packs
	$(PY) -m tests.bench.tables
	$(PY) -m tests.bench.review
	$(PY) -m tests.bench.mailbox

pictures: $(VENV)/.test ## Take the help page's pictures again, with made-up responses
	$(PY) -m pytest -n 0 -m pictures tests/journeys/test_help.py

frontend: ## Build the style sheet and the scripts again; needs Node and npm
	consult/frontend/build

lock: $(VENV)/.test ## Resolve and pin the packages again
	$(VENV)/bin/uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 --no-header --upgrade --quiet -o requirements.txt
	$(VENV)/bin/uv pip compile pyproject.toml --group test --universal --generate-hashes --python-version 3.11 --no-header --upgrade --quiet -c requirements.txt -o tests/requirements.txt

audit: $(VENV)/.test ## Check whether any pinned package has a known vulnerability; needs npm and network access
	$(VENV)/bin/pip-audit --strict --require-hashes --progress-spinner off -r requirements.txt
	cd consult/frontend && npm audit

sbom: $(VENV)/.test ## Write the software bill of materials (CycloneDX) to sbom.cdx.json
	@$(PY) -m tests.support.bill sbom.cdx.json

release-check: test wheels audit sbom ## Check all that a release needs; needs npm and network access
	$(PY) -m tests.support.release

clean: ## Remove what was set up; the data in var stays
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
