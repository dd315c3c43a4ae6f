# The two commands of the README are `make demo` and `make test`. Everything they need is installed by them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
CARGO ?= cargo
export CARGO
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1
# The installed toolchain of the pinned release, where it has another name.
TOOLCHAIN := $(shell script/toolchain)
ifneq ($(TOOLCHAIN),)
export RUSTUP_TOOLCHAIN := $(TOOLCHAIN)
endif
# One set of features for every development build, so that the tests find the library built. Release builds have none of it.
DEV := --locked --features failpoints

.PHONY: demo test test-long test-fork setup build replica forge-test lint deny docs bench peers install uninstall clean help

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install pinned packages, compile the contracts, collect the artifact kit
	@script/setup

# Set-up mostly waits for one compiler of contracts, so the program is built meanwhile; it needs nothing of it.
build: ## Set up and build the program for development
	@script/setup & setup=$$!; built=0; $(CARGO) build $(DEV) || built=$$?; wait $$setup || exit $$?; exit $$built

replica: build ## Build the offline replica of Base (cached)
	$(CARGO) run $(DEV) --quiet -- replica build

demo: replica ## The whole story on the offline replica of Base
	$(CARGO) run $(DEV) --quiet -- demo

test: replica forge-test ## All tests with small seeds
	script/test

test-long: replica forge-test ## All tests with the full counts
	TRIMTAB_LONG=1 script/test

test-fork: replica ## The stories on a fork of live Base; needs BASE_RPC_URL
	@if [ -z "$$BASE_RPC_URL" ]; then echo "test-fork: BASE_RPC_URL is not set, nothing was tested"; \
	else $(CARGO) test $(DEV) --test local_chain fork_ -- --nocapture; fi

forge-test: setup ## The contracts' own tests
	@script/forge test

lint: setup ## Formatting and clippy
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --all-targets --all-features -- -D warnings

deny: ## Licences, duplicate versions and sources of the dependencies
	script/deny

docs: ## API documentation
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

bench: replica ## Benchmarks (docs/performance.md)
	$(CARGO) bench --locked

peers: replica ## The same steps by other packages (docs/performance.md)
	benches/peers/run

install: ## Install the release program, manual pages and completions below PREFIX (~/.local)
	@script/install

uninstall: ## Take away what `make install` put there
	@script/install --remove

clean: ## Remove build output and caches of this checkout
	$(CARGO) clean
	rm -rf node_modules
