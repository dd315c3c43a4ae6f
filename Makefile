# The two commands of the README are `make demo` and `make test`. Everything they need is installed by them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
CARGO ?= cargo
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1

.PHONY: demo test test-long test-fork setup replica build forge-test lint fmt docs bench peers clean help

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install pinned packages, compile the contracts, collect the artifact kit
	@script/setup

build: setup ## Build the program
	$(CARGO) build --locked

replica: build ## Build the offline replica of Base (cached)
	$(CARGO) run --locked --quiet -- replica build

demo: replica ## The whole story on the offline replica of Base
	$(CARGO) run --locked --quiet -- demo

test: replica forge-test ## All tests with small seeds
	$(CARGO) test --locked --features failpoints

test-long: replica forge-test ## All tests with the full counts
	TRIMTAB_LONG=1 $(CARGO) test --locked --features failpoints

test-fork: replica ## The stories on a fork of live Base; needs BASE_RPC_URL
	@if [ -z "$$BASE_RPC_URL" ]; then echo "test-fork: BASE_RPC_URL is not set, nothing was tested"; \
	else $(CARGO) test --locked --test fork_live --test fork_story -- --nocapture; fi

forge-test: setup ## The contracts' own tests
	@script/forge test

lint: setup ## Formatting and clippy
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --all-targets --all-features -- -D warnings

docs: ## API documentation
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

bench: replica ## Benchmarks (docs/performance.md)
	$(CARGO) bench --locked

peers: replica ## The same steps by other packages (docs/performance.md)
	benches/peers/run

clean: ## Remove build output and caches of this checkout
	$(CARGO) clean
	rm -rf node_modules
