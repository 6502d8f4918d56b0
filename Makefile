# Needs make and Python 3.11 or 3.12 with venv; everything else is installed into .venv, git-ignored folders and a cache.
# A stamp inside .venv carries a sum of the locks, so a second run installs nothing.
.DEFAULT_GOAL := help
.PHONY: help run test coverage soak bench lock docs

# Compiled bytecode is what keeps starts short; an outer virtual environment must not be changed by ours.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH VIRTUAL_ENV CONDA_PREFIX

PORT ?= 8400
NAME ?=
STARTED := $(shell date +%s)

sum = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)
BOOTSTRAP := .venv/.bootstrap-$(call sum,requirements-bootstrap.lock)
RUN := .venv/.run-$(call sum,requirements-bootstrap.lock requirements.lock pyproject.toml)
DEV := .venv/.dev-$(call sum,requirements-bootstrap.lock requirements-dev.lock pyproject.toml)
# `make run` leaves the tests' larger environment in place once it is there.
RUN_ENVIRONMENT := $(if $(wildcard .venv/.dev-*),$(DEV),$(RUN))

UV := .venv/bin/uv
SYNC := $(UV) pip sync --quiet --python .venv/bin/python --require-hashes --compile-bytecode
INSTALL := $(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 $(if $(UPGRADE),--upgrade)
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))

help: ## lists these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

run: $(RUN_ENVIRONMENT) ## installs, starts the demo and its clusters, prints the addresses (PORT=8400)
	@.venv/bin/python -m console.static_build
	@exec .venv/bin/guildhall demo --port $(PORT)

test: $(DEV) ## runs every test at CI size; FAST=1 runs what needs no server, in under 90 s
	@.venv/bin/python -m console.static_build
	@exec .venv/bin/python -m tests.run --started $(STARTED) $(if $(filter-out 0,$(FAST)),--fast)

coverage: $(DEV) ## measures which lines and branches the tests that need no server run, and prints what they leave out
	@.venv/bin/python -m console.static_build
	@.venv/bin/coverage run -m pytest -q -m "not real and not browser and not journey"
	@exec .venv/bin/coverage report --show-missing

soak: $(DEV) ## runs the full sizes; NAME=… chooses one
	@exec .venv/bin/python -m tests.soak $(NAME)

bench: $(DEV) ## measures ratios, prints the table, writes var/bench/NAME.json; NAME=… chooses one
	@exec .venv/bin/python -m tests.bench $(NAME)

docs: $(DEV) ## writes the generated reference pages and builds the documentation into docs/_build
	@.venv/bin/python -m docs.generate
	@exec .venv/bin/sphinx-build -W --keep-going -q -b html docs docs/_build/html

lock: $(BOOTSTRAP) ## compiles the locks again, keeping versions; UPGRADE=1 takes newer ones
	echo uv | $(COMPILE) --no-annotate --output-file requirements-bootstrap.lock -
	$(COMPILE) --group run --output-file requirements.lock pyproject.toml
	$(COMPILE) --group run --group test --group lint --group docs --constraints requirements.lock \
		--output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --output-file requirements-mlserver.lock requirements-mlserver.in

$(BOOTSTRAP):
	@set -e; found=; \
	for python in $(PYTHON) python3 python3.11 python3.12; do \
		if $$python -c '$(SUITABLE)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Guildhall needs Python 3.11 or 3.12 with its venv module (Debian: python3 and python3-venv); none was found on PATH." >&2; \
		exit 1; \
	fi; \
	$$found -m venv .venv; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock; \
	rm -f .venv/.bootstrap-*; touch $@

$(RUN): | $(BOOTSTRAP)
	@rm -f .venv/.run-*
	@echo "Installing what requirements.lock names into .venv"
	@$(SYNC) requirements.lock
	@$(INSTALL)
	@touch $@

$(DEV): | $(BOOTSTRAP)
	@rm -f .venv/.run-* .venv/.dev-*
	@echo "Installing what requirements-dev.lock names into .venv"
	@$(SYNC) requirements-dev.lock
	@$(INSTALL)
	@touch $@
