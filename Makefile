# Everything a newcomer or CI needs: `make demo` and `make test`. The rest are parts of those two.

WASM_CARGO := target/wasm-target/cargo
EXAMPLES := orders patterns chain
# Modules in Rust as they are uploaded: core modules, which the host turns into components itself.
BUILT := target/wasm/wasm32-unknown-unknown/module

.PHONY: demo test check modules examples soak bench clean

## Build everything, and run the example on a real host, showing each request.
demo: examples
	cargo build --release --locked -p reweft
	.ci/demo target/release/reweft target/modules/orders.wasm

## Pass everything: formatting, lints, documentation, and all tests.
test: check modules
	REWEFT_MODULES=$(CURDIR)/target/modules REWEFT_BINARY=$(CURDIR)/target/debug/reweft \
		cargo test --locked --workspace

## Kill a host hundreds of times while it drives thousands of instances. Takes a quarter of an hour.
soak: examples
	cargo build --release --locked -p reweft
	REWEFT_MODULES=$(CURDIR)/target/modules REWEFT_BINARY=$(CURDIR)/target/release/reweft \
		REWEFT_CRASH_INSTANCES=5000 REWEFT_CRASH_KILLS=500 \
		cargo test --release --locked -p reweft-tests -- --nocapture n2_n12

## Measure: the host from end to end, beside what the disk can do (tests/bench; half an hour, and a
## million instances); its parts, each by itself; lists among as many; one of many activities, children and
## steps; a guest of each language.
bench: modules
	cargo build --profile dist --locked -p reweft
	REWEFT_MODULES=$(CURDIR)/target/modules cargo bench --locked -p reweft-tests --bench end_to_end -- \
		--json target/bench.json
	REWEFT_MODULES=$(CURDIR)/target/modules cargo bench --locked -p reweft-tests --bench parts
	cargo test --release --locked -p reweft --lib -- --ignored --nocapture million
	REWEFT_MODULES=$(CURDIR)/target/modules REWEFT_BINARY=$(CURDIR)/target/dist/reweft \
		cargo test --release --locked -p reweft-tests -- --ignored --nocapture costs

check:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

## Leave each example, in every language, at target/modules/<name>.wasm. All is built that the tests need:
## the host alone would have some of its libraries with other features, and be built again for them.
modules: examples
	cargo build --locked --workspace --all-targets
	.ci/modules

## The same for those in Rust alone, and the chain that is measured.
examples:
	.ci/wasm-target
	$(WASM_CARGO) build --locked --profile module --target wasm32-unknown-unknown $(EXAMPLES:%=-p %)
	mkdir -p target/modules
	for example in $(EXAMPLES); do cp $(BUILT)/$$example.wasm target/modules/$$example.wasm; done

clean:
	cargo clean
