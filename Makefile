# Walkon. `make help` says what there is. Everything installs what it needs on Debian and Ubuntu.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-long check fmt doc clean

CARGO ?= cargo
DEMO_ARGS ?=
# As root the browser's user must be able to pass to its folders, so the demo's lie below /tmp.
export TMPDIR ?= /tmp

help: ## Says what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Installs what is missing: a browser, redis-server, fonts, a C compiler
	@scripts/setup

build: setup ## Builds the binary
	$(CARGO) build --locked

demo: build ## Runs the main job on Plaza; DEMO_ARGS=--exit ends by itself, --json prints one object
	@WALKON_LOG=$${WALKON_LOG:-warn} target/debug/walkon demo $(DEMO_ARGS)

test: setup ## Format, lints, and every test, with nothing skipped
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	scripts/clients
	WALKON_TEST_REQUIRE=all $(CARGO) test --locked --workspace

test-long: setup ## More seeds for what chance decides: the queue's simulation and the kills
	WALKON_TEST_REQUIRE=all WALKON_KILLS=200 WALKON_STEPS=20000 \
	  $(CARGO) test --locked --test it -- simulation kills

check: setup ## Format, lints and cargo-deny (installed when missing)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check bans licenses sources

fmt: ## Formats the code
	$(CARGO) fmt --all

doc: ## Builds the documentation of all three crates
	$(CARGO) doc --locked --workspace --no-deps

clean: ## Removes what was built
	$(CARGO) clean
