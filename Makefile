# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= gate.toml
CAMERA ?=
SECONDS ?= 60
# One worker more than cores, for many tests wait for a device or a deadline; four at most, for memory.
# Tests that watch a camera or measure a speed run after the others, alone: a starved camera shows one picture a second.
WORKERS ?= $(shell cores=$$(nproc); echo $$((cores < 4 ? cores + 1 : 4)))
# A worker that died ends the run: pytest-xdist would start another, and wait for ever once that one died of the same test.
BESIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart=0
# A machine that stalls misses a deadline that nobody broke. What failed is tried once more, by itself, and both are printed; what
# fails by itself has failed, and so has at once a seed (make faults) or a run that broke off.
define tests
$(BIN)/pytest --cache-clear -m $(1) $(2) || { [ $$? -eq 1 ] && echo "Once more, by itself: what failed." && \
  $(BIN)/pytest -m $(1) --last-failed --last-failed-no-failures none; }
endef
# Compiled once, each of the many short processes that the tests start begins a quarter sooner.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1|/' | column -t -s '|'

.PHONY: setup
setup: $(VENV)/runtime ## Make .venv with the gate command, and the prepared models in models/weights
	@$(BIN)/gate models prepare --portraits >/dev/null

PIP = $(BIN)/pip --quiet --disable-pip-version-check

$(VENV)/runtime: requirements.lock pyproject.toml
	@echo "Setting up $(VENV), once: this takes a minute or two."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.lock
	@echo "Adding what the tests and checks need."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: system
system: # What the tests use of the system: a real broker, a real browser, a stream to watch, a TPM in software, a virtual card reader. Without root, those tests say they are skipped.
	@deploy/system-packages mosquitto openssl chromium libnss3-tools fonts-noto-cjk espeak-ng ffmpeg swtpm libtss2-dev pkg-config gcc python3-dev linux-libc-dev libpcsclite-dev swig pcscd vsmartcard-vpcd libseccomp2 debootstrap qemu-user-static iproute2 libc6-dev

.PHONY: tpm
tpm: $(VENV)/runtime # The library for a TPM, compiled here, where a compiler and its headers are; nothing else needs it.
	@if $(BIN)/python -c 'import tpm2_pytss' 2>/dev/null; then :; \
	elif command -v cc >/dev/null && pkg-config --exists tss2-esys 2>/dev/null; then \
	  echo "Compiling the library for a TPM, once." && \
	  $(PIP) install --require-hashes -r requirements-tpm-build.lock && \
	  $(PIP) install --require-hashes --no-build-isolation -r requirements-tpm.lock || \
	  echo "The library for a TPM could not be compiled: its tests are skipped."; \
	else \
	  echo "Without a compiler, pkg-config and libtss2-dev there is no library for a TPM: its tests are skipped."; \
	fi

.PHONY: readers
readers: $(VENV)/runtime # The libraries for readers that type and for PC/SC readers, compiled here; nothing else needs them.
	@if $(BIN)/python -c 'import evdev, smartcard.scard' 2>/dev/null; then :; \
	elif command -v cc swig >/dev/null && pkg-config --exists libpcsclite 2>/dev/null; then \
	  echo "Compiling the libraries for keyboard and PC/SC readers, once." && \
	  $(PIP) install --require-hashes -r requirements-tpm-build.lock && \
	  $(PIP) install --require-hashes --no-build-isolation -r requirements-readers.lock || \
	  echo "The libraries for keyboard and PC/SC readers could not be compiled: their tests are skipped."; \
	else \
	  echo "Without a compiler, swig, pkg-config and libpcsclite-dev there are no libraries for keyboard and PC/SC readers: their tests are skipped."; \
	fi

.PHONY: demo
demo: setup ## Play one visit after another against the real stack and tell the story
	@$(BIN)/gate demo

.PHONY: demo-door
demo-door: setup $(VENV)/dev ## The door's story: libosdp's own device as reader, the firmware in real MicroPython as controller, on ptys
	@$(BIN)/gate demo --door

.PHONY: demo-serve
demo-serve: setup ## The same gate with its pages, to play with; CAMERA=0 uses a webcam
	@$(BIN)/gate demo --serve $(if $(CAMERA),--camera $(CAMERA))

.PHONY: run
run: setup ## Run a gate from CONFIG=gate.toml (start from deploy/gate.example.toml)
	@$(BIN)/gate run --config $(CONFIG)

.PHONY: forms
forms: setup # Every form of the networks that a board may choose: the tests compare them.
	@$(BIN)/gate models prepare --all >/dev/null

.PHONY: test
test: forms $(VENV)/dev system tpm readers ## Run the tests
	$(call tests,"not slow and not alone",$(BESIDE))
	$(call tests,"not slow and alone")

.PHONY: coverage
coverage: setup $(VENV)/dev ## Hold the core to 100 % of its branches; measuring costs too much for every test
	$(BIN)/pytest tests/core tests/faults -n $(WORKERS) --dist loadfile --max-worker-restart=0 --cov --cov-report=term-missing:skip-covered --cov-fail-under=100

.PHONY: test-slow
test-slow: forms $(VENV)/dev system tpm ## Run the slow tests: a gate killed at every step, searched for leaks, told as a demo, measured
	$(call tests,"slow and not alone",$(BESIDE))
	$(call tests,"slow and alone")

.PHONY: soak
soak: setup $(VENV)/dev system ## Play a week of events in three minutes: the broker down half the time, 100 kills, the clock set
	$(BIN)/pytest -m slow tests/soak

SEEDS ?= 50
FIRST ?= 0
TIMED_SEEDS ?= 42
.PHONY: faults
faults: setup $(VENV)/dev system ## Play SEEDS=50 seeds from FIRST=0 on: kills, power cuts, full disks, cut cables, clocks, damage, and what must hold after each; TIMED=1: few at once, and judge times
	$(BIN)/python -m tests.chaos.run --seeds $(SEEDS) --first $(FIRST) $(if $(TIMED),,--untimed)

.PHONY: soak-day
soak-day: setup $(VENV)/dev system ## Play a day of 2,000 residents in 14 minutes, at a hundred times its speed: memory, handles, log, latency
	@mkdir -p state
	$(BIN)/python -m tests.chaos.day --to state/day.json

.PHONY: reliability
reliability: setup $(VENV)/dev system ## Play SEEDS seeds for their verdicts, TIMED_SEEDS=42 one at a time for their times, and a day, and write docs/reliability.md
	@mkdir -p state && rm -f state/seeds.jsonl
	-$(BIN)/python -m tests.chaos.run --seeds $(TIMED_SEEDS) --first $(FIRST) --workers 1 --to state/seeds.jsonl
	-$(BIN)/python -m tests.chaos.run --seeds $(SEEDS) --first $(FIRST) --untimed --to state/seeds.jsonl
	$(BIN)/python -m tests.chaos.day --to state/day.json
	$(BIN)/python -m tests.chaos.report --seeds state/seeds.jsonl --day state/day.json

.PHONY: fuzz
fuzz: setup $(VENV)/dev ## Let a fuzzer feed every parser of what comes from outside, SECONDS=60 for all together; without its library, it says so
	@if ! $(BIN)/python -c 'import atheris' 2>/dev/null; then \
	  $(PIP) install --require-hashes -r requirements-fuzz.lock || \
	  { echo "Atheris cannot be had for this machine: the targets run on their seeds in make test."; exit 0; }; \
	fi; \
	$(BIN)/python -m tests.fuzz $(SECONDS)

.PHONY: check
check: setup $(VENV)/dev ## Lint, types, import contracts, dependencies
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

$(VENV)/audit: $(VENV)/dev requirements-audit.lock
	@echo "Adding what looks over dependencies and secrets."
	@$(PIP) install --require-hashes -r requirements-audit.lock
	@touch $@

.PHONY: audit
audit: $(VENV)/audit ## Ask the advisory service about every pinned dependency; where it cannot be reached, it says so
	@$(BIN)/python -m tests.security.audit

.PHONY: sbom
sbom: $(VENV)/audit ## Write the bill of materials, dist/gate.cdx.json (CycloneDX), models included, and dist/licences.txt
	@$(BIN)/python -m tests.security.sbom dist/gate.cdx.json

.PHONY: secrets
secrets: $(VENV)/audit ## Search every file of the repository for keys and tokens; .secrets.baseline lists the made-up ones of the tests
	@mapfile -d '' files < <(git ls-files -z --cached --others --exclude-standard | grep -zvE '\.(lock|png|po|json|svg|csv|yaml)$$'); \
	  $(BIN)/detect-secrets-hook --no-verify --baseline .secrets.baseline "$${files[@]}" || [ $$? = 3 ] # 3: a known one stands on another line

.PHONY: bench
bench: setup ## Measure speed and size on this machine
	$(BIN)/gate bench

.PHONY: pictures
pictures: setup $(VENV)/dev system ## Make the readme's pictures anew, of a gate at work with made-up people
	PAGES_PICTURES=docs/pictures $(BIN)/pytest -q -m slow tests/pages/test_pictures.py

.PHONY: docs
docs: setup ## Rewrite the documents that are made of the code: requirements, faults at the door, data inventory, the events' contract
	@$(BIN)/python -m tests.requirements_table
	@$(BIN)/python -m tests.door_faults
	@$(BIN)/python -m tests.broker_table
	@$(BIN)/python -m tests.docs.command_line
	@$(BIN)/python -m gate.store.account.inventory docs/data-inventory.md
	@$(BIN)/python -m gate.publish.contract
	@$(BIN)/python -m tests.attack.report words
	@$(BIN)/python -m tests.evaluation.accuracy words
	@$(BIN)/python -m tests.chaos.report

.PHONY: anonymity
anonymity: setup $(VENV)/dev ## Let attackers loose on what leaves a gate, and write docs/anonymity.md: half an hour
	@$(BIN)/python -m tests.attack.report

FACES ?= faces
.PHONY: accuracy
accuracy: setup $(VENV)/dev ## Measure recognition on photographs, FACES=folder of DeepFace's, and write docs/accuracy.md, the operating point and the model cards
	@rm -rf state/accuracy && mkdir -p state/accuracy/sdist
	@$(PIP) download --no-deps --no-binary :all: --dest state/accuracy face_recognition==1.3.0
	@tar -xzf state/accuracy/face_recognition-1.3.0.tar.gz -C state/accuracy/sdist --strip-components 1
	@$(BIN)/python -m tests.evaluation.accuracy $(FACES) state/accuracy/sdist
	@rm -rf state/accuracy

.PHONY: liveness
liveness: setup $(VENV)/dev ## Show prints, screens, films and heads to a gate, and write the tables of docs/liveness.md: half an hour
	@$(BIN)/python -m tests.vision.liveness.report

.PHONY: package
package: $(VENV)/runtime ## Build the Debian package into dist/; PUBLIC_KEY=makers.pem: whose releases its devices will take
	@PYTHON=$(BIN)/python deploy/package/build dist $(PUBLIC_KEY)

.PHONY: wheelhouse
wheelhouse: $(VENV)/runtime ## Gather in dist/wheelhouse every wheel that the lock names, for devices without network, of this processor and Python
	@$(PIP) download --require-hashes --only-binary :all: -r requirements.lock -d dist/wheelhouse

.PHONY: release-file
release-file: $(VENV)/runtime ## Sign a release into dist/ with KEY=private.pem; WHEELS=dist/wheelhouse: it carries its dependencies
	@rm -rf dist/wheel && $(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist/wheel .
	@$(BIN)/python -m gate.release.publish dist/wheel/gate-*.whl --key $(KEY) --to dist $(if $(WHEELS),--wheels $(WHEELS))

.PHONY: wheels
wheels: $(VENV)/runtime ## Prove that every dependency has a wheel for Raspberry Pi (Bookworm, Trixie) and PC
	@$(BIN)/python deploy/package/wheels

.PHONY: clean-root
clean-root: setup $(VENV)/dev system ## Install the package in a clean Debian root, open by card and face, survive what breaks, update, take a broken release back
	$(BIN)/pytest -m slow tests/deploy/test_clean_root.py

.PHONY: aarch64
aarch64: forms $(VENV)/dev system ## Play a 64-bit ARM processor by qemu: install the package, compare the faces, open by card, run the core's tests; CPU=cortex-a76, PAGES=16384
	@PYTHON=$(BIN)/python deploy/package/try/on-arm state/on-arm

.PHONY: lock
lock: # Rewrite the locks: universal, with hashes, without addresses. Needs uv.
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra setup pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra setup --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	echo "pkgconfig setuptools setuptools-scm" | tr ' ' '\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -c requirements-dev.lock -o requirements-tpm-build.lock
	echo tpm2-pytss | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -c requirements-dev.lock -o requirements-tpm.lock
	echo 'atheris<3.1' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -c requirements-dev.lock -o requirements-fuzz.lock
	echo "cyclonedx-bom detect-secrets pip-audit" | tr ' ' '\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -c requirements-dev.lock -o requirements-audit.lock
	echo "evdev pyscard" | tr ' ' '\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -c requirements-dev.lock -o requirements-readers.lock

.PHONY: clean
clean: ## Remove everything that was made here
	rm -rf $(VENV) models/weights state .coverage .hypothesis .mypy_cache .ruff_cache .import_linter_cache
