# Everything a newcomer or CI needs: `make demo` and `make test`. The rest are parts of those two.

WASM_CARGO := target/wasm-target/cargo
EXAMPLES := orders patterns
# Examples as they are uploaded: core modules, which the host turns into components itself.
BUILT := target/wasm/wasm32-unknown-unknown/module

.PHONY: demo test check modules soak bench clean

## Build everything, and run the example on a real host, showing each request.
demo: modules
	cargo build --release --locked -p reweft
	.ci/demo target/release/reweft target/modules/orders.wasm

## Pass everything: formatting, lints, documentation, and all tests.
test: check modules
	cargo build --locked -p reweft
	REWEFT_MODULES=$(CURDIR)/target/modules REWEFT_BINARY=$(CURDIR)/target/debug/reweft \
		cargo test --locked --workspace

## Kill a host hundreds of times while it drives thousands of instances. Takes a quarter of an hour.
soak: modules
	cargo build --release --locked -p reweft
	REWEFT_MODULES=$(CURDIR)/target/modules REWEFT_BINARY=$(CURDIR)/target/release/reweft \
		REWEFT_CRASH_INSTANCES=5000 REWEFT_CRASH_KILLS=500 \
		cargo test --release --locked -p reweft-tests -- --nocapture n2_n12

## Measure: lists among a million instances, and what one of many activities, children and steps costs.
bench: modules
	cargo build --release --locked -p reweft
	cargo test --release --locked -p reweft --lib -- --ignored --nocapture million
	REWEFT_MODULES=$(CURDIR)/target/modules REWEFT_BINARY=$(CURDIR)/target/release/reweft \
		cargo test --release --locked -p reweft-tests -- --ignored --nocapture what_one_of_many_costs

check:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

## Leave each example at target/modules/<name>.wasm.
modules:
	.ci/wasm-target
	$(WASM_CARGO) build --locked --profile module --target wasm32-unknown-unknown $(EXAMPLES:%=-p %)
	mkdir -p target/modules
	for example in $(EXAMPLES); do cp $(BUILT)/$$example.wasm target/modules/$$example.wasm; done

clean:
	cargo clean
