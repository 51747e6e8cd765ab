# `make help` lists all targets. All generated files are in .venv and .cache.

PYTHON ?= python3
PORT ?= 5000
# Restrict a target to one test file, integration target, or list of sizes. If FILE or TARGET is empty, everything runs.
FILE ?=
TARGET ?=
BENCH_SIZES ?= 1,10,100,1000
# Specify a cloud-config-aws.ini to run the integration targets against that account instead of the emulator.
CLOUD_CONFIG ?= emulator
# Restrict `make matrix` to pairs of tests/versions.toml (PAIR=oldest,newest), or run sanity in them (CHECK=sanity).
PAIR ?=
CHECK ?= integration
# Specify LINKS=online to look up the external links of the documentation, too.
LINKS ?=

VENV := .venv/$(notdir $(PYTHON))
BIN := $(CURDIR)/$(VENV)/bin
STAMP := $(VENV)/.installed
COLLECTIONS := .cache/collections
LINK := $(COLLECTIONS)/ansible_collections/aws_ivs/chat
READY := $(LINK) $(STAMP)
SDK_PACKAGES := .cache/sdk/node_modules/.package-lock.json
# The two ends of the range that the emulator asks for.
MOTO_VERSIONS := $(shell sed -nE 's/.*"moto\[.*\]>=([0-9.]+),<=([0-9.]+)".*/\1 \2/p' emulator/pyproject.toml)
VERSION = $(shell $(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# The user's settings must not affect the tests, and nothing must be written to the user's home directory.
unexport $(filter AWS_% ANSIBLE_%,$(.VARIABLES))
export LC_ALL := C.UTF-8
export TMPDIR := $(CURDIR)/.cache/tmp
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
RUN = HOME=$(CURDIR)/.cache/home PATH=$(BIN):$$PATH ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/$(COLLECTIONS)
DOCS = $(CURDIR)/.venv/docs/bin
SITE := .cache/docs/source
SPHINX = $(DOCS)/sphinx-build --quiet --fail-on-warning --keep-going --jobs auto --conf-dir docs/docsite --doctree-dir .cache/docs/doctrees
IN_TREE = $(BIN)/python tests/tools/in_tree.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help environment demo test units http documents integration lint format sanity build reliability storm chat-load bench
.PHONY: emulator chat browser screenshots moto-versions matrix importer execution-environment release-check sdk
.PHONY: emulator-dist pre-commit changelog clean

help:  ## List all targets
	@echo "make TARGET [PYTHON=python3.13]   (Python 3.11 or later)"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 26

environment: $(READY)  ## Set up the environment (the other targets do this when needed)
	@echo "$(VENV) is ready."

demo: $(READY)  ## Demonstrate the collection against an emulator of the service
	@$(RUN) python -m tests.demo.run

test: units http documents integration  ## Run all tests

units: $(READY)  ## Run the tests of pure functions with ansible-test [FILE=tests/unit/...]
	$(IN_TREE) ansible-test units --python $(VERSION) --num-workers 2 $(FILE)

http: $(READY)  ## Run the tests of the emulator, and of the modules over HTTP [FILE=tests/http/...]
	$(RUN) pytest -n 2 $(FILE)

documents: $(READY)  ## Run every YAML block of the documentation [FILE="tests/http/documents -k docs/moderation"]
	$(RUN) pytest -n 2 $(or $(FILE),tests/http/documents)

integration: $(READY) needs-ssh-keygen  ## Run the integration targets with ansible-test [TARGET=...] [CLOUD_CONFIG=...]
	$(IN_TREE) --cloud $(CLOUD_CONFIG) ansible-test integration --python $(VERSION) $(TARGET)

lint: $(READY) pre-commit  ## Check style, types, documentation, and changelog
	$(RUN) mypy -p ansible_collections.aws_ivs.chat.plugins.module_utils -p ivschat_emulator -p tests.tools -p tests.support
	$(RUN) antsibull-changelog lint
	$(RUN) python -m tests.tools.check versions
	$(IN_TREE) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent --disallow-unknown-collection-refs .
	$(IN_TREE) ansible-lint

format: $(READY)  ## Format the code and apply the fixes of ruff
	$(RUN) ruff check --fix
	$(RUN) ruff format

sanity: $(READY)  ## Run ansible-test sanity
	$(IN_TREE) ansible-test sanity --python $(VERSION)

build: $(READY)  ## Build the collection in .cache/build and check its contents
	$(RUN) ansible-galaxy collection build --force --output-path .cache/build
	$(RUN) python -m tests.tools.check build .cache/build

reliability: $(READY)  ## Test faults, kills, and races, and update the matrix in docs/reliability.md
	$(RUN) WRITE_MATRIX=1 pytest -n 2 tests/http/reliability

storm: $(READY)  ## Measure 8 forks that share the service quotas
	@$(RUN) python -m tests.http.reliability.storm

chat-load: $(READY)  ## Measure the emulator with 50 and 200 chat clients in one room
	@$(RUN) python -m emulator.tests.chat_load

bench: $(READY) .venv/bench/.installed  ## Run the benchmarks and write docs/benchmarks.md, takes up to 40 minutes [BENCH_SIZES=1,10]
	@$(RUN) python -m tests.bench.run $(BENCH_SIZES)

.PHONY: plots docs
plots: $(READY)  ## Draw the pictures of docs/benchmarks.md again, from its tables
	@$(RUN) python -m tests.bench.plot

docs: $(READY) .venv/docs/.installed  ## Build the documentation site in .cache/docs/html and check its links [LINKS=online]
	@rm -rf .cache/docs && mkdir -p $(SITE)/collection && chmod go-w $(SITE)/collection
	@tar -cf - README.md docs/*.md docs/images docs/policies emulator/README.md roles/*/README.md | tar -xf - -C $(SITE)
	@cp docs/docsite/index.md $(SITE)
	$(RUN) $(DOCS)/antsibull-docs --config-file docs/docsite/antsibull-docs.cfg collection --use-current --squash-hierarchy \
	  --fail-on-error --cleanup everything --dest-dir $(SITE)/collection aws_ivs.chat
	$(RUN) $(SPHINX) -b html $(SITE) .cache/docs/html
	$(RUN) python -m tests.tools.check site .cache/docs
	$(if $(filter online,$(LINKS)),$(RUN) $(SPHINX) -b linkcheck $(SITE) .cache/docs/linkcheck)

emulator: $(READY)  ## Run the emulator until you press Ctrl-C [PORT=5000]
	@$(RUN) ivschat-emulator --port $(PORT)

chat: $(READY)  ## Run the emulator with a sample chat, to look at on its page [PORT=5000]
	@$(RUN) python -m tests.demo.sample_chat $(PORT)

browser: .venv/browser/.installed needs-chromium  ## Test the pages in Chromium [FILE=tests/browser/...]
	HOME=$(CURDIR)/.cache/home .venv/browser/bin/pytest $(or $(FILE),tests/browser)

screenshots: docs .venv/browser/.installed needs-chromium  ## Write the screenshots of the documentation, and of its site
	HOME=$(CURDIR)/.cache/home .venv/browser/bin/python -m tests.browser.screenshots

moto-versions: $(LINK) $(MOTO_VERSIONS:%=.venv/moto-%/.installed)  ## Test the emulator with the oldest and the newest moto it works with
	$(foreach version,$(MOTO_VERSIONS),.venv/moto-$(version)/bin/pytest -n 2 emulator/tests && ) true

matrix: $(READY) needs-ssh-keygen  ## Run the integration targets with all supported versions [PAIR=oldest,newest] [CHECK=sanity] [TARGET=...]
	@$(BIN)/python -m tests.tools.matrix --check $(CHECK) --pairs "$(PAIR)" $(TARGET)

importer: build .venv/tools/.installed  ## Import the built collection as Galaxy does
	@$(BIN)/python -m tests.tools.built importer

execution-environment: build .venv/tools/.installed  ## Create the build context of an execution environment, and check what it installs
	@$(BIN)/python -m tests.tools.built execution-environment

# It looks for interpreters, and HOME is another directory meanwhile.
release-check: export PYENV_ROOT ?= $(HOME)/.pyenv
release-check: $(READY) emulator-dist  ## Rehearse a release: build, import, install, and use the archive [PAIR=oldest,newest]
	@$(RUN) python -m tests.tools.release --pairs "$(PAIR)"

emulator-dist: .venv/tools/.installed  ## Build the package of the emulator in .cache/emulator-dist, and check it as PyPI does
	@$(BIN)/python -m tests.tools.built emulator

# Within the tests, npm and pip find their registries and other settings as they do outside.
sdk: export npm_config_cache ?= $(CURDIR)/.cache/npm
sdk: export npm_config_userconfig ?= $(HOME)/.npmrc
sdk: export npm_config_audit := false
sdk: export npm_config_fund := false
sdk: export npm_config_update_notifier := false
sdk: export PIP_CONFIG_FILE ?= $(HOME)/.config/pip/pip.conf
sdk: $(READY) $(SDK_PACKAGES)  ## Test the emulator with the official chat client, which runs in Node.js [FILE=tests/sdk/...]
	$(RUN) pytest $(or $(FILE),tests/sdk)

pre-commit: $(READY)  ## Check the files as they are, in seconds (.pre-commit-config.yaml runs this for each commit)
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) yamllint --strict .
	$(RUN) python -m tests.tools.check action-groups
	$(RUN) python -m tests.tools.check headers
	$(RUN) python -m tests.tools.check plugin-yaml
	$(RUN) python -m tests.tools.check links

changelog: $(READY)  ## Update the changelog of a release from the fragments
	$(RUN) antsibull-changelog release

clean:  ## Delete all generated files
	rm -rf .venv .cache

.PHONY: needs-ssh-keygen
needs-ssh-keygen:
	@command -v ssh-keygen >/dev/null || \
	  { echo "ansible-test requires ssh-keygen. On Debian, run: apt-get install openssh-client" >&2; exit 1; }

.PHONY: needs-chromium
needs-chromium:
	@command -v chromium >/dev/null || { echo "Chromium is required. On Debian, run: apt-get install chromium" >&2; exit 1; }

# An incomplete environment has no stamp and is created again.
$(STAMP): tests/requirements.txt emulator/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than 3.11. Specify another interpreter: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) lacks venv. On Debian, run: apt-get install $(notdir $(PYTHON))-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	@touch $@

.venv/moto-%/.installed: emulator/pyproject.toml
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable './emulator[test]' moto==$*
	@touch $@

.venv/bench/.installed: tests/bench/requirements.txt | $(STAMP)
	$(BIN)/python -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv/docs/.installed: docs/docsite/requirements.txt | $(STAMP)
	$(BIN)/python -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv/tools/.installed: tests/tools/requirements.txt | $(STAMP)
	$(BIN)/python -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The official client requires Node.js 22: the system's if it is new enough, else that of PyPI.
.venv/sdk/.installed: tests/sdk/requirements.txt | $(STAMP)
	$(BIN)/python -m venv --clear $(@D)
	if node --eval 'process.exit(parseInt(process.versions.node) < 22 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null; then \
	  ln -s "$$(command -v node)" "$$(command -v npm)" $(@D)/bin; \
	else $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<; fi
	@touch $@

$(SDK_PACKAGES): tests/sdk/package.json .venv/sdk/.installed
	@mkdir -p .cache/sdk && cp $< .cache/sdk
	PATH=$(CURDIR)/.venv/sdk/bin:$$PATH npm install --prefix .cache/sdk --ignore-scripts --no-package-lock
	@touch $@

.venv/browser/.installed: tests/browser/requirements.txt emulator/pyproject.toml | $(STAMP)
	$(BIN)/python -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Ansible and Python find the checkout as ansible_collections.aws_ivs.chat.
$(LINK):
	@mkdir -p $(@D) $(TMPDIR) && ln -sfn ../../../.. $@
