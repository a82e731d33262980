# `make demo` and `make test` need only Python >= 3.11 and make: each sets up what it needs, from the locked versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

ifdef UV
  VENV_NEW = $(UV) venv -q --seed --allow-existing -p $(PYTHON) $(VENV)
  INSTALL = $(UV) pip install -q -p $(BIN)/python
else
  VENV_NEW = $(PYTHON) -m venv $(VENV)
  INSTALL = $(BIN)/python -m pip install -q
endif

.PHONY: help demo test test-all test-terminal test-agents test-openenv bench-openenv test-exports test-verifiers test-train bench-train bench-planner check docs test-docs dist release bench lock clean
help:  ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	$(VENV_NEW)

# A lock file is whole: nothing is resolved again, and what `override-dependencies` leaves out stays away.
define install_lock
	$(INSTALL) --no-deps --require-hashes -r requirements/$(1).lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@
endef

$(VENV)/.demo: requirements/demo.lock pyproject.toml | $(BIN)/python
	$(call install_lock,demo)
$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	$(call install_lock,dev)
$(VENV)/.bench: requirements/bench.lock $(VENV)/.dev
	$(INSTALL) --no-deps --require-hashes -r requirements/bench.lock
	@touch $@

demo: $(VENV)/.demo  ## set up and find a bad commit with a real MCP server, no model
	$(BIN)/python examples/01_find_bad_commit/demo.py

# COVERAGE=1 measures the branches that the tests take, against the floors in pyproject.toml.
test: $(VENV)/.dev  ## set up and run the tests, the slow sweeps aside; COVERAGE=1 measures the branches they take
	$(BIN)/python -m pytest -n 2 -m "not slow and not terminal and not agents" $(if $(COVERAGE),--cov --cov-report=json:.build/coverage.json)
	$(if $(COVERAGE),$(BIN)/python -m tests.shape.coverage_floors)

test-all: test  ## the tests, and then the slow sweeps
	$(BIN)/python -m pytest -n 2 -m slow

test-terminal: $(VENV)/.dev  ## compare the screens of pseudo-terminals with the kept ones, one after another
	$(BIN)/python -m pytest -m terminal tests/acceptance/terminal

test-agents: $(VENV)/.dev .agents/.done  ## install the coding agents by version (npm), drive them offline with a scripted model
	$(BIN)/python -m pytest -m agents tests/agents

.agents/.done: tests/agents/package.json tests/agents/package-lock.json
	mkdir -p .agents
	cp tests/agents/package.json tests/agents/package-lock.json .agents/
	npm ci --prefix .agents --ignore-scripts --no-audit --no-fund
	@touch $@

test-openenv: .venv-openenv/.done  ## set up an environment with OpenEnv, test the gym's server there
	.venv-openenv/bin/python -m pytest tests/openenv
	.venv-openenv/bin/openenv validate src/journeyman/interfaces/openenv --level static --skip-build
bench-openenv: .venv-openenv/.done  ## measure the gym's OpenEnv server beside an empty one
	.venv-openenv/bin/python -m benchmarks gym_openenv

.venv-openenv/.done: requirements/openenv.lock pyproject.toml
	$(MAKE) VENV=.venv-openenv .venv-openenv/.openenv
	@touch $@
$(VENV)/.openenv: requirements/openenv.lock pyproject.toml | $(BIN)/python
	$(call install_lock,openenv)

test-exports: .venv-exports/.done  ## set up an environment with Inspect and ATIF's models, have them read what is exported
	.venv-exports/bin/python -m pytest tests/exports

.venv-exports/.done: requirements/exports.lock requirements/exports-harbor.lock pyproject.toml
	$(MAKE) VENV=.venv-exports .venv-exports/.exports
	@touch $@
# pip, whatever installs the rest: only it can be told to take a package for another Python.
$(VENV)/.exports: requirements/exports.lock requirements/exports-harbor.lock pyproject.toml | $(BIN)/python
	$(call install_lock,exports)
	$(BIN)/python -m pip install -q --no-deps --require-hashes --ignore-requires-python -r requirements/exports-harbor.lock
	@touch $@

test-verifiers: .venv-verifiers/.done  ## set up an environment with verifiers, run its rollouts of the gym there
	.venv-verifiers/bin/python -m pytest tests/verifiers

.venv-verifiers/.done: requirements/verifiers.lock pyproject.toml
	$(MAKE) VENV=.venv-verifiers .venv-verifiers/.verifiers
	@touch $@
$(VENV)/.verifiers: requirements/verifiers.lock pyproject.toml | $(BIN)/python
	$(call install_lock,verifiers)

# pip, not a lock file: it takes the CPU build of torch where its index has one, a lock file would name CUDA packages.
test-train: .venv-train/.done  ## set up an environment with torch, TRL and Stable-Baselines3, and take real training steps there
	.venv-train/bin/python -m pytest -W default --timeout 600 tests/train
bench-train: .venv-train/.done  ## measure training, PPO included
	.venv-train/bin/python -m benchmarks gym_train

.venv-train/.done: pyproject.toml
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python -m pip install -q torch==2.13.0 'trl==1.16.*' 'stable-baselines3>=2.9,<3' 'sb3-contrib>=2.9,<3' pytest pytest-timeout hatchling editables
	.venv-train/bin/python -m pip install -q --no-build-isolation -e '.[gym-sb3,plots]'
	@touch $@

check: $(VENV)/.dev  ## lint, types, layers, unused and repeated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/python -m tests.shape.duplicates
	$(BIN)/pyright

docs: .venv-docs/.done  ## build the documentation into .build/site: strict, offline; search in it needs a web server
	.venv-docs/bin/python -m website.build

test-docs: docs  ## build the documentation, and look at its pages in a real browser
	.venv-docs/bin/python -m pytest tests/built_site

.venv-docs/.done: requirements/docs.lock pyproject.toml
	$(MAKE) VENV=.venv-docs .venv-docs/.docs
	@touch $@
# --no-deps: the lock is whole, but for what a wheel asks for of which only a file is used (axe-core's).
$(VENV)/.docs: requirements/docs.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --no-deps --require-hashes -r requirements/docs.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

dist: $(VENV)/.dev  ## build wheel and sdist of this commit into dist/, the same bytes each time
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir dist

# The version stands in pyproject.toml alone; what is left to a person is to look, to commit, to tag and to upload.
release: $(VENV)/.dev  ## make CHANGELOG.md out of changes/ for the version in pyproject.toml, then wheel and sdist
	$(BIN)/towncrier build --yes --version "$$($(BIN)/python -m website.version)"
	$(MAKE) dist

bench: $(VENV)/.bench  ## run every benchmark
	$(BIN)/python -m benchmarks all

# pip, not a lock file, as for training: torch is what Optuna's Gaussian process needs.
bench-planner: .venv-planner/.done  ## measure what the planner wastes, beside Optuna's samplers
	.venv-planner/bin/python -W default -m benchmarks planner_efficiency

.venv-planner/.done: requirements/dev.lock pyproject.toml
	$(MAKE) VENV=.venv-planner .venv-planner/.dev
	.venv-planner/bin/python -m pip install -q 'optuna>=5,<6' scipy torch==2.13.0
	@touch $@

lock:  ## resolve the lock files again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --extra mcp --group demo -o requirements/demo.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --extra mcp --extra gym-envs --extra models --extra agent --extra bundles --extra plots --extra serve --extra otel --group test --group check -o requirements/dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --extra mcp --extra gym-envs --extra models --extra agent --extra bundles --extra plots --extra serve --extra otel --group test --group check --group bench -o requirements/bench.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --extra openenv --group openenv -o requirements/openenv.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --group docs --no-emit-package playwright --no-emit-package pyee --no-emit-package greenlet -o requirements/docs.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --extra bundles --group exports -o requirements/exports.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --extra verifiers --group verifiers -o requirements/verifiers.lock

clean:  ## remove what was set up
	rm -rf $(VENV) .agents .venv-openenv .venv-exports .venv-verifiers .venv-train .venv-planner .venv-docs .build dist .pytest_cache .ruff_cache .hypothesis
