//! What can't be a module: each refusal says why and what to do, and changes nothing.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;
use support::guest::dummy_module;
use support::{Client, Host, HostOptions, module};

use super::guests::{
    component_of, endless_activities, endless_workflows, named_module, names_not_utf8,
    names_out_of_bounds, waiting_workflows,
};
use super::{list, run, version};

fn host() -> Host {
    let host = Host::start();
    host.client().upload("kept", &version("Kept", "1"));
    host
}

/// Uploads what is to be refused, and returns the message; nothing has changed then.
#[track_caller]
fn refused(client: &Client, name: &str, bytes: &[u8], status: u16, code: &str) -> String {
    let before = list(client);
    let answer = client.send("PUT", &format!("/v1.0/modules/{name}"), bytes);
    let message = answer.expect_error(status, code);
    assert_eq!(list(client), before, "{message}");
    message
}

const CORE_HEADER: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

#[test]
fn what_is_not_webassembly_is_refused() {
    let host = host();
    let client = host.client();
    let zip = [&b"PK\x03\x04"[..], &[0; 100]].concat();
    for bytes in [&b""[..], b"\0", b"\0as", b"(module)", b"<html>", &zip, &[0xFF; 1000]] {
        let message = refused(&client, "kept", bytes, 422, "ERR_MODULE_NOT_WASM");
        assert!(message.contains("upload the .wasm file itself"), "{message}");
    }
    assert_eq!(run(&client, "Kept", "run"), json!(1));
}

#[test]
fn a_file_that_is_not_whole_is_refused() {
    let host = host();
    let client = host.client();
    let core = module("orders");
    let component = component_of(&version("Whole", "1"));
    for bytes in [core, component] {
        let some = (4..bytes.len()).step_by(bytes.len() / 40 + 1);
        for length in some.chain([7, 8, 9, bytes.len() - 1]) {
            let answer = client.send("PUT", "/v1.0/modules/cut", &bytes[..length]);
            let code = answer.json()["errorCode"].as_str().unwrap_or_default().to_owned();
            let message = answer.expect_error(422, &code);
            // A cut between two sections leaves a whole module, but not one of ours.
            match code.as_str() {
                "ERR_MODULE_INVALID" => {
                    assert!(
                        message.contains("was the file uploaded whole?"),
                        "{length}: {message}"
                    );
                }
                "ERR_MODULE_EXPORTS_MISSING" | "ERR_MODULE_NOT_A_COMPONENT" => {}
                _ => panic!("{length}: {answer:?}"),
            }
        }
    }
    for header in [CORE_HEADER, COMPONENT_HEADER, b"\0asm\x02\0\0\0", b"\0asm\xff\xff\xff\xff"] {
        for garbage in [&[0xFF; 64][..], &[0; 64], b"hello", &[1, 0x80, 0x80, 0x80, 0x80, 0x80]] {
            let bytes = [header, garbage].concat();
            refused(&client, "garbage", &bytes, 422, "ERR_MODULE_INVALID");
        }
    }
    assert_eq!(run(&client, "Kept", "run"), json!(1));
}

#[test]
fn a_module_for_something_else_is_refused() {
    let host = host();
    let client = host.client();
    let plain = wat::parse_str(r#"(module (func (export "main")))"#).unwrap();
    let message = refused(&client, "plain", &plain, 422, "ERR_MODULE_NOT_A_COMPONENT");
    assert!(message.contains("export the functions of"), "{message}");
    let empty = wat::parse_str("(component)").unwrap();
    let message = refused(&client, "empty", &empty, 422, "ERR_MODULE_EXPORTS_MISSING");
    assert!(message.contains("reweft:workflow/workflows@0.1.0"), "{message}");
    let other = dummy_module("package test:guest; world w { export hello: func(); }");
    let message = refused(&client, "other", &other, 422, "ERR_MODULE_EXPORTS_MISSING");
    assert!(message.contains("its exports are: hello"), "{message}");
}

#[test]
fn another_version_of_the_contract_is_refused() {
    let host = host();
    let client = host.client();
    let mut bytes = version("Kept", "1");
    let places: Vec<_> =
        (0..bytes.len()).filter(|&at| bytes[at..].starts_with(b"@0.1.0")).collect();
    for at in places {
        bytes[at + 3] = b'2';
    }
    let message = refused(&client, "kept", &bytes, 422, "ERR_MODULE_EXPORTS_MISSING");
    assert!(message.contains("reweft:workflow/workflows@0.1.0"), "what is wanted: {message}");
    assert!(message.contains("reweft:workflow/workflows@0.2.0"), "what is there: {message}");
}

#[test]
fn imports_that_are_not_offered_are_named() {
    let host = host();
    let client = host.client();
    let wants = |package: &str, import: &str, world: &str| {
        dummy_module(&format!(
            "package test:guest; {package} world w {{ import {import}; include reweft:workflow/{world}@0.1.0; }}"
        ))
    };
    let thing = "interface thing { f: func(); }";
    let wasi = "package wasi:keyvalue@0.2.0 { interface store { f: func(); } }";
    let old_wasi = "package wasi:cli@0.3.0 { interface environment { f: func(); } }";
    for (package, import, world, named) in [
        (thing, "thing", "workflow-module", "test:guest/thing"),
        (thing, "thing", "activity-module", "test:guest/thing"),
        (thing, "thing", "combined-module", "test:guest/thing"),
        (wasi, "wasi:keyvalue/store@0.2.0", "workflow-module", "wasi:keyvalue/store@0.2.0"),
        (wasi, "wasi:keyvalue/store@0.2.0", "activity-module", "wasi:keyvalue/store@0.2.0"),
        (old_wasi, "wasi:cli/environment@0.3.0", "activity-module", "wasi:cli/environment@0.3.0"),
    ] {
        let bytes = wants(package, import, world);
        let message = refused(&client, "wants", &bytes, 422, "ERR_MODULE_IMPORTS_UNKNOWN");
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn imports_of_another_shape_are_refused() {
    let host = host();
    // The real interface of WASI has other functions.
    let wasi = "package wasi:cli@0.2.0 { interface exit { exit: func(code: string) -> u8; } }";
    for world in ["workflow-module", "activity-module", "combined-module"] {
        let bytes = dummy_module(&format!(
            "package test:guest; {wasi} world w {{ import wasi:cli/exit@0.2.0; include reweft:workflow/{world}@0.1.0; }}"
        ));
        let message = refused(&host.client(), "shape", &bytes, 422, "ERR_MODULE_TYPES_WRONG");
        assert!(message.contains("wasi:cli/exit"), "{message}");
    }
}

#[test]
fn a_workflow_is_in_one_module_only() {
    let host = host();
    let client = host.client();
    for bytes in [version("Kept", "2"), version("Kept", "1"), named_module(&["New", "Kept"])] {
        let message = refused(&client, "other", &bytes, 409, "ERR_WORKFLOW_TAKEN");
        assert!(message.contains("'Kept'") && message.contains("'kept'"), "{message}");
        assert!(message.contains("rename it, or delete that module"), "{message}");
    }
    client.send("GET", "/v1.0/modules/other", b"").expect_error(404, "ERR_MODULE_NOT_FOUND");
}

#[test]
fn names_that_can_not_be_used_are_refused() {
    let host = host();
    let client = host.client();
    let long = "x".repeat(201);
    for (names, reason) in [
        (&["One", "Two", "One"][..], "twice"),
        (&[""], "must not be empty"),
        (&["a/b"], "'/'"),
        (&["a\nb"], "control characters"),
        (&["a\u{0}"], "control characters"),
        (&["\u{9b}31m"], "control characters"),
        (&[long.as_str()], "200 characters"),
    ] {
        let bytes = named_module(names);
        let message = refused(&client, "kept", &bytes, 422, "ERR_MODULE_NAME_UNUSABLE");
        assert!(message.contains(reason), "{message}");
    }
    let longest = "ü".repeat(200);
    let uploaded = client.upload("fits", &named_module(&[&longest, "with space", "One"]));
    assert_eq!(uploaded["workflows"], json!([longest, "with space", "One"]));
    assert_eq!(client.upload("none", &named_module(&[]))["workflows"], json!([]));
}

#[test]
fn a_module_that_can_not_name_its_workflows_is_refused() {
    let host = host();
    let client = host.client();
    let traps = |world: &str| {
        dummy_module(&format!(
            "package test:guest; world w {{ include reweft:workflow/{world}@0.1.0; }}"
        ))
    };
    for bytes in [
        traps("workflow-module"),
        traps("activity-module"),
        traps("combined-module"),
        names_out_of_bounds(),
        names_not_utf8(),
        waiting_workflows(),
        endless_workflows(),
        endless_activities(),
    ] {
        let message = refused(&client, "kept", &bytes, 422, "ERR_MODULE_NAMES_FAILED");
        assert!(message.contains("asked for its names"), "{message}");
    }
    assert_eq!(run(&client, "Kept", "run"), json!(1));
}

#[test]
fn a_module_over_the_limit_is_refused() {
    let fits = version("Fits", "1");
    let limit = fits.len().to_string();
    let arguments = vec!["--module-bytes-max".to_owned(), limit.clone()];
    let host = Host::start_with(HostOptions { arguments, ..HostOptions::default() });
    let client = host.client();
    client.upload("fits", &fits);
    for excess in [1, 1_000, 1_000_000] {
        let large = [&fits[..], &vec![0; excess]].concat();
        let message = refused(&client, "large", &large, 413, "ERR_MODULE_TOO_LARGE");
        assert!(
            message.contains(&limit) && message.contains("raise the host's limit"),
            "{message}"
        );
    }
    assert_eq!(run(&client, "Fits", "run"), json!(1));
}

#[test]
fn a_name_of_a_module_follows_its_rules() {
    let host = host();
    let client = host.client();
    let bytes = version("New", "1");
    let long = "x".repeat(65);
    for name in [
        "dapr",
        "a%20b",
        "%20",
        &long,
        "..%2f",
        "a%2Fb",
        "%2e%2e%2fcompiled",
        "gr%C3%BCn",
        "a%00",
        "a:b",
    ] {
        let message = refused(&client, name, &bytes, 400, "ERR_MODULE_NAME_INVALID");
        assert!(message.contains("1 to 64 letters"), "{message}");
    }
    refused(&client, "%ff", &bytes, 400, "ERR_MALFORMED_REQUEST");
    for name in ["dapr", "..%2f", "%2e%2e"] {
        for method in ["GET", "DELETE"] {
            let answer = client.send(method, &format!("/v1.0/modules/{name}"), b"");
            answer.expect_error(404, "ERR_MODULE_NOT_FOUND");
        }
    }
    let longest = "Az09._-x".repeat(8);
    assert_eq!(client.upload(&longest, &bytes)["name"], longest);
}

#[test]
fn damaged_modules_are_refused_or_run_but_never_harm() {
    let mut random = ChaCha8Rng::seed_from_u64(support::seed());
    let host = host();
    let client = host.client();
    let core = version("Damaged", "1");
    let component = component_of(&core);
    for round in 0..120 {
        let mut bytes = if round % 2 == 0 { core.clone() } else { component.clone() };
        for _ in 0..=random.next_u32() % 4 {
            let at = random.next_u32() as usize % bytes.len();
            bytes[at] = random.next_u32() as u8;
        }
        let answer = client.send("PUT", "/v1.0/modules/damaged", &bytes);
        assert!([200, 409, 422].contains(&answer.status), "{round}: {answer:?}");
    }
    assert_eq!(run(&client, "Kept", "run"), json!(1));
    assert!(host.log().iter().all(|line| !line.contains("panicked")), "{:#?}", host.log());
}
