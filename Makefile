# The service's commands. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test lint frontend lock audit sbom chaos soak bench pictures test-containers clean
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

lint: $(VENV)/.test ## Check style, types and templates
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	DEBUG=on $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint --quiet templates

test: lint ## Set up, check, then run every test
	$(PY) -m pytest

test-containers: $(VENV)/.test ## Build the image, bring the composition up and send a response through it
	$(PY) -m pytest -n 0 -m containers tests/containers

chaos: $(VENV)/.test ## Kill, pause and cut parts while people answer, and hold every promise; SECONDS, CLIENTS and SEED may be set
	$(PY) -m tests.bench.chaos --seconds $(or $(SECONDS),60) --clients $(or $(CLIENTS),4) $(if $(SEED),--seed $(SEED))

soak: $(VENV)/.test ## The longer faults, then COUNT responses (100,000) at RATE a second (35), and hold every promise
	$(PY) -m pytest -n 0 -m soak tests/faults
	$(PY) -m tests.bench.soak --count $(or $(COUNT),100000) --rate $(or $(RATE),35)

bench: $(VENV)/.test ## Measure what people wait for, as ratios within one run
	$(PY) -m tests.bench.pages
	$(PY) -m tests.bench.packs
	$(PY) -m tests.bench.review

pictures: $(VENV)/.test ## Make the help page's pictures anew, with made-up responses
	$(PY) -m pytest -n 0 -m pictures tests/journeys/test_help.py

frontend: ## Build the style sheet and the scripts again; needs Node and npm
	consult/frontend/build

lock: $(VENV)/.test ## Resolve and pin the packages again
	$(VENV)/bin/uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 --no-header --upgrade --quiet -o requirements.txt
	$(VENV)/bin/uv pip compile pyproject.toml --group test --universal --generate-hashes --python-version 3.11 --no-header --upgrade --quiet -c requirements.txt -o tests/requirements.txt

audit: $(VENV)/.test ## Ask whether any pinned package has a known weakness; needs npm and the network
	$(VENV)/bin/pip-audit --strict --require-hashes --progress-spinner off -r requirements.txt
	cd consult/frontend && npm audit

sbom: $(VENV)/.test ## Write the software bill of materials (CycloneDX) to sbom.cdx.json
	@$(PY) -m tests.support.bill sbom.cdx.json

clean: ## Remove what was set up; the data in var stays
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
