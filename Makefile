# `make help` says what there is. Everything that is made lies below .venv and .cache.

PYTHON ?= python3
PORT ?= 5000
# What to run of it; all when empty.
FILE ?=
TARGET ?=
BENCH_SIZES ?= 1,10,100,1000
# A cloud-config-aws.ini: then the integration targets run against that account, not against the emulator.
CLOUD_CONFIG ?= emulator

VENV := .venv/$(notdir $(PYTHON))
BIN := $(CURDIR)/$(VENV)/bin
STAMP := $(VENV)/.installed
COLLECTIONS := .cache/collections
LINK := $(COLLECTIONS)/ansible_collections/aws_ivs/chat
READY := $(LINK) $(STAMP)
# The two ends of the range that the emulator asks for.
MOTO_VERSIONS := $(shell sed -nE 's/.*"moto\[.*\]>=([0-9.]+),<=([0-9.]+)".*/\1 \2/p' emulator/pyproject.toml)
VERSION = $(shell $(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# The settings of the person who runs this must not change what is tested, and their home must not be written to.
unexport $(filter AWS_% ANSIBLE_%,$(.VARIABLES))
export LC_ALL := C.UTF-8
export TMPDIR := $(CURDIR)/.cache/tmp
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
RUN = HOME=$(CURDIR)/.cache/home PATH=$(BIN):$$PATH ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/$(COLLECTIONS)
IN_TREE = $(BIN)/python tests/tools/in_tree.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help environment demo test units http integration lint format sanity build reliability storm bench emulator moto-versions changelog clean

help:  ## Say what there is
	@echo "make TARGET [PYTHON=python3.13]   (Python 3.11 or newer)"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 16

environment: $(READY)  ## Set up what the other targets need (they do it themselves)
	@echo "$(VENV) is ready"

demo: $(READY)  ## Show the collection at work, against an emulator of the service
	@$(RUN) python tests/demo/run.py

test: units http integration  ## Run all tests

units: $(READY)  ## Test pure functions with ansible-test [FILE=tests/unit/...]
	$(IN_TREE) ansible-test units --python $(VERSION) --num-workers 2 $(FILE)

http: $(READY)  ## Test the emulator, and the modules against it [FILE=tests/http/...]
	$(RUN) pytest -n 2 $(FILE)

integration: $(READY)  ## Run the integration targets with ansible-test [TARGET=...] [CLOUD_CONFIG=...]
	@command -v ssh-keygen >/dev/null || \
	  { echo "ansible-test asks for ssh-keygen; on Debian: apt-get install openssh-client" >&2; exit 1; }
	$(IN_TREE) --cloud $(CLOUD_CONFIG) ansible-test integration --python $(VERSION) $(TARGET)

lint: $(READY)  ## Check style, types, documentation, changelog
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy -p ansible_collections.aws_ivs.chat.plugins.module_utils -p ivschat_emulator
	$(RUN) yamllint --strict .
	$(RUN) antsibull-changelog lint
	$(RUN) python tests/tools/check.py action-groups
	$(IN_TREE) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=dependent --disallow-unknown-collection-refs .
	$(IN_TREE) ansible-lint

format: $(READY)  ## Format the code and mend what ruff can mend
	$(RUN) ruff check --fix
	$(RUN) ruff format

sanity: $(READY)  ## Run ansible-test sanity
	$(IN_TREE) ansible-test sanity --python $(VERSION)

build: $(READY)  ## Build the collection into .cache/build and check what is in it
	$(RUN) ansible-galaxy collection build --force --output-path .cache/build
	$(RUN) python tests/tools/check.py build .cache/build

reliability: $(READY)  ## Run the fault matrix, kills, races, and write the matrix to docs/reliability.md
	$(RUN) WRITE_MATRIX=1 pytest -n 2 tests/http/reliability

storm: $(READY)  ## Measure 8 forks that share the service's quotas
	@$(RUN) python -m tests.http.reliability.storm

bench: $(READY) .venv/bench/.installed  ## Measure, and write docs/benchmarks.md: 36 minutes [BENCH_SIZES=1,10]
	@$(RUN) python tests/bench/run.py $(BENCH_SIZES)

emulator: $(READY)  ## Run the emulator until Ctrl-C [PORT=5000]
	@$(RUN) ivschat-emulator --port $(PORT)

moto-versions: $(LINK) $(MOTO_VERSIONS:%=.venv/moto-%/.installed)  ## Test the emulator with the oldest and the newest moto it works with
	$(foreach version,$(MOTO_VERSIONS),.venv/moto-$(version)/bin/pytest -n 2 emulator/tests && ) true

changelog: $(READY)  ## Make a release's changelog of the fragments
	$(RUN) antsibull-changelog release

clean:  ## Remove all that was made
	rm -rf .venv .cache

# An environment that was left half made has no stamp, and is made anew.
$(STAMP): tests/requirements.txt emulator/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) lacks venv; on Debian: apt-get install $(notdir $(PYTHON))-venv" >&2; exit 1; }
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

# As ansible_collections.aws_ivs.chat Ansible and Python find the checkout.
$(LINK):
	@mkdir -p $(@D) $(TMPDIR) && ln -sfn ../../../.. $@
