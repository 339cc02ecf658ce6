# Two commands: `make run` starts the server, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PACKAGES := pkg-config libsqlite3-dev libzstd-dev zlib1g-dev libargon2-dev
TEST_PACKAGES := python3 python3-venv
JOBS ?= 2
VENV := .venv
BUILD := swift build -j $(JOBS)

.PHONY: run test check-swift packages test-packages build lint unit clients histories bench release conformance

run: check-swift packages
	swift build -j $(JOBS) -c release --product djankiserv
	.build/release/djankiserv serve

test: check-swift packages test-packages lint build unit clients

check-swift:
	@scripts/check-swift

packages:
	@scripts/packages $(PACKAGES)

test-packages:
	@scripts/packages $(TEST_PACKAGES)
	@test -x $(VENV)/bin/pytest || { python3 -m venv $(VENV) && $(VENV)/bin/pip install -q -r Tests/Clients/requirements.txt; }

lint:
	swift format lint --strict --parallel -r Package.swift $$(git ls-files --cached --others --exclude-standard '*.swift' | grep -v '\.pb\.swift$$' | grep -v '^Package.swift$$')

build:
	$(BUILD) --build-tests

unit:
	swift test --skip-build

# Real Anki clients against the server that the tests built.
clients:
	DJANKISERV_BIN=$(CURDIR)/.build/debug/djankiserv $(VENV)/bin/pytest -q Tests/Clients

# One engine's conformance alone: make conformance ENGINE=memory
conformance: build
	ENGINE=$(ENGINE) swift test --skip-build --filter BackendTests

histories: build test-packages
	$(VENV)/bin/python Tests/Clients/histories.py --bin .build/debug/djankiserv --minutes $${MINUTES:-20}

release:
	swift build -j $(JOBS) -c release --product djankiserv

bench: check-swift packages test-packages release
	$(VENV)/bin/python Benchmarks/bench.py --bin .build/release/djankiserv
