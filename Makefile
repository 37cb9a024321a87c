# Every target sets up what it needs: a Debian machine with Python 3.11 is enough.

.DEFAULT_GOAL := help
.PHONY: help demo test test-unit test-leaks test-journeys test-simulator test-clients test-cluster coverage check format rooms migration changelog bench fuzz dist clean

BIN := .venv/bin
READY := .venv/.ready
# A folder for this run's files: another run would shut the one that pytest shares, and PostgreSQL's account needs it. Its
# name is short, for sockets of ssh lie deep in it, and their paths have 107 characters (unix(7)).
ALONE_IN := folder=$$(mktemp -d "$${TMPDIR:-/tmp}/XXXXXX") && chmod 711 "$$folder" && trap 'rm -rf "$$folder"' EXIT &&
IN_IT := --basetemp "$$folder/t"
# Conversations that try to read masked columns, each with tables of its own: a target of their own, for they take long.
LEAKS := $(wildcard tests/live/proxy/postgres/masked/test_ways_around*.py) tests/live/proxy/postgres/test_masked_corpus.py \
	tests/live/proxy/postgres/ephemeral/test_denied_corpus.py
ALONE := $(BIN)/uv run --quiet --isolated --no-project

help: ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(READY) ## Run everything on this machine, with a local Slack (ARGS=--script plays the story unattended)
	@sh scripts/system-packages demo || echo "Going on without: the demo runs, its clients do not." >&2
	$(BIN)/gatepass demo $(ARGS)

test: $(READY) ## Run the tests, with real PostgreSQL, sshd, ssh, psql and Chromium (ARGS=tests/live/proxy picks some)
	sh scripts/system-packages
	$(ALONE_IN) $(BIN)/pytest $(IN_IT) -n 2 --dist loadfile --durations=10 $(or $(ARGS),tests --ignore tests/journeys --ignore tests/clients --ignore tests/cluster $(addprefix --ignore ,$(LEAKS)))

test-leaks: $(READY) ## Try every known way to read a masked column, on real databases (ARGS="-k copy" picks some)
	sh scripts/system-packages
	$(ALONE_IN) $(BIN)/pytest $(IN_IT) -n 2 --dist loadfile --durations=10 $(LEAKS) $(ARGS)

test-unit: $(READY) ## Run the tests that need no server: seconds (ARGS="-k pan" picks some)
	$(ALONE_IN) $(BIN)/pytest $(IN_IT) -n 2 tests/unit $(ARGS)

test-clients: $(READY) ## Compare real clients through the gateway with the server itself (ARGS="-k psql"); says what it left out
	sh scripts/system-packages clients
	$(ALONE_IN) $(BIN)/uv run --quiet --frozen --all-extras --group clients pytest $(IN_IT) -n 2 --dist loadfile --no-loadscope-reorder --durations=10 tests/clients $(ARGS)

test-cluster: $(READY) ## Run the tests on a real Kubernetes cluster (ARGS="-k exec"); builds it once, ten minutes; says what it left out
	sh scripts/system-packages cluster
	$(BIN)/python -m scripts.cluster
	$(ALONE_IN) $(BIN)/pytest $(IN_IT) -n 2 --dist loadfile --durations=10 tests/cluster $(ARGS)

test-journeys: $(READY) ## Run the whole product as people use it, in processes of its own (ARGS="-k revok" picks some)
	sh scripts/system-packages
	$(ALONE_IN) $(BIN)/pytest $(IN_IT) -n 2 --dist loadfile --durations=10 tests/journeys $(ARGS)

test-simulator: $(READY) ## Run the tests of the local Slack, a distribution of its own (ARGS="-k modal" picks some)
	sh scripts/system-packages
	$(ALONE_IN) $(BIN)/pytest $(IN_IT) -n 2 --dist loadfile --durations=10 simulator/tests $(ARGS)

coverage: $(READY) ## Report which lines the unit tests run; a report, not a threshold
	$(BIN)/pytest -n 2 --cov --cov-report=term:skip-covered tests/unit $(ARGS)

check: $(READY) ## Check style, types, who imports whom, rooms and changelog fragments
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.house
	$(BIN)/python -m scripts.changelog --check

format: $(READY) ## Mend what can be mended mechanically, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rooms: $(READY) ## Count the table of rooms in docs/architecture.md again
	$(BIN)/python -m scripts.house --write

migration: $(READY) ## Write a migration from the models: NAME=grants_have_a_colour
	@$(BIN)/python -m scripts.migration "$(NAME)"

changelog: $(READY) ## Collect changes/ into CHANGELOG.md: VERSION=0.2.0
	@$(BIN)/python -m scripts.changelog "$(VERSION)"

bench: $(READY) ## Measure, as ratios to the direct path in the same run
	sh scripts/system-packages bench
	$(BIN)/python -m bench $(ARGS)

fuzz: $(READY) ## Feed readers, masking and display with bytes that coverage leads to, ten minutes (ARGS="shell --seconds 60")
	$(BIN)/uv run --quiet --frozen --isolated --all-extras --group fuzz python -m fuzz $(ARGS)

dist: $(READY) ## Build the two distributions into dist/, and start each without the other
	rm -rf dist
	$(BIN)/uv build --quiet --package slack-simulator
	$(BIN)/uv build --quiet --package gatepass
	$(ALONE) --with dist/slack_simulator-*.whl slack-simulator --help >/dev/null
	$(ALONE) --with "$$(echo dist/gatepass-*.whl)[server]" gatepass check docs/gatepass.example.yml
	$(ALONE) --with dist/gatepass-*.whl gatepass psql --help >/dev/null

clean: ## Remove the virtual environment and the demo's files
	rm -rf .venv .gatepass

$(READY): pyproject.toml simulator/pyproject.toml uv.lock scripts/bootstrap scripts/uv-requirements.txt
	sh scripts/bootstrap
	@touch $@
