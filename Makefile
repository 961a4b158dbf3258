# Commands for development. `make tools` installs what the tests need into $(LATCHKEY_TOOLS), outside the checkout.

export LATCHKEY_TOOLS ?= $(HOME)/.cache/latchkey/tools
cargo_target := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help demo test test-fast tools check sqlx schema bench keycloak clean-tools

help:
	@echo 'make demo         start Latchkey with a simulated AWS, clusters and people'
	@echo 'make test         run every test; installs or builds the real components first'
	@echo 'make test-fast    a minute of them, with PostgreSQL alone'
	@echo 'make check        formatting and lints'
	@echo 'make sqlx         renew .sqlx after a query or a migration changed'
	@echo 'make schema       renew src/store/schema.txt after a migration'
	@echo 'make bench        the figures of the README, on the real components'
	@echo 'make tools        only install or build the real components'
	@echo 'make keycloak     one sign-in against a Keycloak, which it fetches; needs Java 17'
	@echo 'make clean-tools  remove them'

demo:
	@tests/rig/build postgresql any-kubectl
	cargo build -p latchkey -p latchkey-demo --bins
	@$(cargo_target)/debug/latchkey-demo $(DEMO)

test: tools
	tests/rig/test

# Tests that need only PostgreSQL and a minute: rules, plans, proofs, pages from samples, decisions and reads.
fast := rooms:: decisions:: rules_of_now:: records:: roles:: policies:: command_line:: blockers:: audit_export:: database::older

test-fast:
	@tests/rig/build postgresql
	cargo test --locked -p latchkey-domain
	cargo test --locked -p latchkey --lib
	cargo test --locked -p latchkey --test it -- $(fast)

tools:
	@tests/rig/build

# Not part of `make test`, since it needs Java 17 and fetches 177 MB.
keycloak:
	@tests/rig/build postgresql keycloak
	LATCHKEY_KEYCLOAK=$(LATCHKEY_TOOLS)/keycloak cargo test --locked --test it people_of_a_keycloak -- --ignored --nocapture

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

sqlx:
	@tests/rig/build postgresql
	tests/rig/check-queries --write check --workspace --all-targets

schema:
	@tests/rig/build postgresql
	LATCHKEY_RENEW=1 cargo test --locked --test it the_schema_that_is_kept

bench: tools
	cargo bench --locked -p latchkey --bench path
	cargo bench --locked -p latchkey --bench neighbours
	cargo bench --locked -p latchkey --bench history -- --events 1000000
	cargo bench --locked -p latchkey-domain --bench aws_auth

clean-tools:
	rm -rf '$(LATCHKEY_TOOLS)'
