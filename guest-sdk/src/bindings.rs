//! Owns the code that wit-bindgen makes of the contract, and nothing else.
#![allow(missing_docs, unsafe_code, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "../wit",
    world: "combined-module",
    pub_export_macro: true,
    default_bindings_module: "reweft_sdk::bindings",
});
