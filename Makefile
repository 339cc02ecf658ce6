# Two commands: `make run` starts the server, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PACKAGES := pkg-config libsqlite3-dev libzstd-dev zlib1g-dev libargon2-dev libzip-dev libpq-dev libmariadb-dev
TEST_PACKAGES := python3 python3-venv curl openssl postgresql mariadb-server sqlite3 liblmdb-dev nginx apache2-bin caddy
# What draws pages and the windows of old Ankis in the tests.
TEST_PACKAGES += chromium chromium-driver libgl1 libx11-xcb1 libxcursor1 libxi6 libxtst6
ENGINES := memory,sqlite,postgres,mariadb
JOBS ?= 2
VENV := .venv
BUILD := swift build -j $(JOBS)

.PHONY: run test check-swift packages test-packages old-clients build lint unit example clients compatibility fuzz addon
.PHONY: histories bench release conformance

run: check-swift packages
	swift build -j $(JOBS) -c release --product djankiserv
	.build/release/djankiserv serve

test: check-swift packages test-packages lint build unit example clients

check-swift:
	@scripts/check-swift

packages:
	@scripts/packages $(PACKAGES)

test-packages:
	@scripts/packages $(TEST_PACKAGES)
	@test -x $(VENV)/bin/pytest || { python3 -m venv $(VENV) && $(VENV)/bin/pip install -q -r Tests/Clients/requirements.txt; }

# Old versions of Anki for `clients`: two, or all that install here with SET=all.
old-clients: test-packages
	$(VENV)/bin/python Tests/Clients/versions.py $(or $(SET),quick)

# The add-on for old versions of Anki, to be installed from this file.
addon:
	python3 Addon/build.py .build/djankiserv.ankiaddon

# Each part says how long it took when it ends; the last line stays that of the tests.
TIMED := scripts/timed

lint:
	$(TIMED) lint swift format lint --strict --parallel -r Package.swift $$(git ls-files --cached --others --exclude-standard '*.swift' | grep -v '\.pb\.swift$$' | grep -v '^Package.swift$$')

build:
	$(TIMED) build $(BUILD) --build-tests

# One after the other: some measure time or memory, others end database servers, and all of them would share two threads.
unit:
	ENGINE=$(ENGINES) $(TIMED) unit scripts/databases swift test --skip-build --no-parallel

# An engine from outside and a server with it (docs/BACKENDS.md). They share what the build has made, in the versions that
# it has chosen, so this takes seconds.
EXAMPLE := --package-path Examples/CustomBackend --scratch-path .build
example: build test-packages
	for package in CustomBackend CustomServer; do cp Package.resolved Examples/$$package/; done
	$(BUILD) $(EXAMPLE) --build-tests
	$(TIMED) example swift test $(EXAMPLE) --skip-build --no-parallel
	$(BUILD) --package-path Examples/CustomServer --scratch-path .build

# Real Anki clients against the server that the tests built; then kills, cut connections and a full disk.
clients: export DJANKISERV_BIN := $(CURDIR)/.build/debug/djankiserv
clients: old-clients
	ENGINES=sqlite,postgres,mariadb $(TIMED) clients \
	  scripts/databases $(VENV)/bin/pytest -q -n 2 -m "not faults" Tests/Clients
	ENGINES=sqlite,postgres,mariadb $(TIMED) faults scripts/databases $(VENV)/bin/pytest -q -n 2 -m faults Tests/Clients

# Every version of Anki that installs here; writes the table in the README. Two of them need a python3.8.
compatibility: export DJANKISERV_BIN := $(CURDIR)/.build/debug/djankiserv
compatibility: build
	$(MAKE) old-clients SET=all
	$(VENV)/bin/python Tests/Clients/compatibility.py

# Many spoiled requests, other ones each time: make fuzz ROUNDS=20000
fuzz: build
	FUZZ_ROUNDS=$${ROUNDS:-20000} FUZZ_SEED=$${SEED:-$$RANDOM} swift test --skip-build --no-parallel --filter FuzzTests

# One engine's conformance alone: make conformance ENGINE=memory
conformance: build
	ENGINE=$(ENGINE) scripts/databases swift test --skip-build --no-parallel --filter BackendTests

# Long random histories with kills and cut connections: make histories COUNT=200
histories: export DJANKISERV_BIN := $(CURDIR)/.build/debug/djankiserv
histories: build test-packages
	$(VENV)/bin/python Tests/Clients/histories.py --count $${COUNT:-50} --steps 1000 --devices 3 --faults kill,cut
	$(VENV)/bin/python Tests/Clients/histories.py --count 5 --steps 100 --devices 2 --faults kill,cut --real

release:
	swift build -j $(JOBS) -c release --product djankiserv

# The official server beside ours on each engine: make bench BENCH=sqlite
BENCH := sqlite,postgres,mariadb
bench: export DJANKISERV_BIN := $(CURDIR)/.build/release/djankiserv
bench: check-swift packages test-packages release
	ENGINES=$(BENCH) scripts/databases $(VENV)/bin/python Benchmarks/bench.py --engines $(BENCH)
