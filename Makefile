# make play   installs what the playground needs, builds the page and opens it with the character RNN ready to run
# make test   installs what the tests need, checks formats, lints and types, builds the page and runs every test
# make check  formats, lints and types only            make fast   the tests that take under a minute together
# make format rewrites the files in the house format   make clean  removes everything that make has made
#
# Everything is kept in this folder: .venv, .venv-pyodide, node_modules, build, web/dist. The system's Python is left alone.
# Stamp files (.made-*) remember what is installed; they are older than pyproject.toml or package-lock.json when it has to be redone.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT_INSTALL := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends
# The page's build makes an environment of its own for pyodide-build; it uses this Python for it.
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help play test check fast format benchmarks benchmarks-gpu clean page system-for-tests

help:
	@sed -n 's/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST)) | head -4

# ---------------------------------------------------------------------------------------------------- play and test

# A machine without a screen gets the address only.
play: $(VENV)/.made-play page
	npm run serve -- $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),--open)

# The page's tests share one browser and one server; everything else runs on two cores.
test: system-for-tests check page
	$(BIN)/python -m pytest tests/web
	$(BIN)/python -m pytest --ignore=tests/web -n 2

check: $(VENV)/.made-dev node_modules/.made
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy web/python benchmarks
	npm run check
	npm run test

fast: $(VENV)/.made-dev
	$(BIN)/python -m pytest -m "not slow" -n 2

format: $(VENV)/.made-dev node_modules/.made
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run format

benchmarks: $(VENV)/.made-dev
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/eager_vs_torch.py
	$(BIN)/python benchmarks/watch_cost.py

benchmarks-gpu: $(VENV)/.made-dev
	$(BIN)/python benchmarks/gpu_costs.py
	$(BIN)/python benchmarks/gpu_vs_peers.py

clean:
	rm -rf $(VENV) .venv-pyodide node_modules build web/dist .mypy_cache .pytest_cache .ruff_cache test-results

# ------------------------------------------------------------------------------------------------ what they rest on

page: $(VENV)/.made-play node_modules/.made
	npm run build

# The package with its GPU plugin and a progress bar: enough to run the examples natively.
$(VENV)/.made-play: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install -e '.[wgpu]' tqdm
	touch $@

# What tests, linters and benchmarks need on top of that.
$(VENV)/.made-dev: $(VENV)/.made-play pyproject.toml
	$(BIN)/python -m pip install --group dev
	touch $@

# Debian and Ubuntu keep the module that makes environments in a package of its own.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'flambeau needs Python 3.11 or newer; say which with `make PYTHON=python3.12 …`.'; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		$(SUDO) apt-get update && \
		$(APT_INSTALL) python3-venv $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --upgrade 'pip>=25.1'
	touch $@

# Not `npm ci`: it refuses a lock file made where the registry carries no binaries for other systems. The versions are the lock's.
node_modules/.made: package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a == 20 && +b >= 19) ? 0 : 1)' || \
		{ echo 'The page is built with Node 20.19 or newer; `node --version` says what is here.'; exit 1; }
	npm install --no-save --no-audit --no-fund
	touch $@

# The tests drive the page in Debian's chromium, and WebGPU natively on Mesa's software Vulkan driver.
system-for-tests:
	@if ! command -v dpkg-query >/dev/null; then \
		echo 'Not Debian or Ubuntu: the tests expect chromium, a Vulkan driver and the Vulkan loader to be installed.'; exit 0; fi; \
	missing=$$(for package in chromium mesa-vulkan-drivers libvulkan1; do \
		dpkg-query --show --showformat='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -n "$$missing" ]; then set -x; $(SUDO) apt-get update && $(APT_INSTALL) $$missing; fi
