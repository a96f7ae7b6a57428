//! Replay on the desk: an exported history and a module, without a host.

use std::fs;
use std::path::Path;
use std::process::Output;

use support::guest::{Step, workflow_module};
use support::host::binary;
use support::{Host, module};

fn replay(module: &Path, history: &Path, more: &[&str]) -> (bool, String, String) {
    let mut command = binary();
    command.arg("replay").arg("--module").arg(module).arg("--history").arg(history).args(more);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

#[test]
fn a_history_fits_the_module_it_came_from_and_no_other() {
    let host = Host::start();
    let client = host.client();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    client.upload("orders", &module("orders"));
    fs::write(file("orders.wasm"), module("orders")).unwrap();
    let order = r#"{"name":"cars","quantity":1,"totalCost":7500}"#;
    client.start("OrderProcessingWorkflow", "order", order);
    client.wait_for_custom_status("order", "waiting for approval");
    let export =
        || client.send("GET", "/v1.0/workflows/dapr/order/export", b"").expect(200).body.clone();
    fs::write(file("waiting.json"), export()).unwrap();
    client.raise("order", "ManagerApproval", "true");
    client.output_of("order");
    fs::write(file("done.json"), export()).unwrap();

    let (fits, said, _) = replay(&file("orders.wasm"), &file("waiting.json"), &[]);
    assert!(fits && said.contains("it waits, with 2 tasks"), "{said}");
    let (fits, said, _) = replay(&file("orders.wasm"), &file("done.json"), &["--step"]);
    assert!(fits && said.contains("returns `{\"processed\":true}`"), "{said}");
    let approval =
        said.lines().position(|line| line.contains("EventRaised: ManagerApproval")).unwrap();
    let payment = said.lines().skip(approval).find(|line| line.contains("then it wants to"));
    assert!(
        payment.unwrap().contains("cancel task") || payment.unwrap().contains("status"),
        "{said}"
    );

    let other = workflow_module("Other", Step::WaitEvent("go"), "1");
    fs::write(file("other.wasm"), other).unwrap();
    let (fits, _, refused) = replay(&file("other.wasm"), &file("done.json"), &[]);
    assert!(!fits && refused.contains("event 1") && refused.contains("\"go\""), "{refused}");
}

#[test]
fn what_can_not_be_replayed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("orders.wasm"), module("orders")).unwrap();
    for (number, text) in [
        "",
        "{",
        "[]",
        r#"{"format":1}"#,
        r#"{"format":9,"instance":{"turned":true,"delivered":0},"events":[]}"#,
    ]
    .iter()
    .enumerate()
    {
        let history = file(&format!("{number}.json"));
        fs::write(&history, text).unwrap();
        let (fits, _, refused) = replay(&file("orders.wasm"), &history, &[]);
        assert!(!fits && refused.contains("is no exported history"), "{text}: {refused}");
        let (fits, _, refused) = replay(&history, &history, &[]);
        assert!(!fits && refused.contains("can't be used"), "{text}: {refused}");
    }
    let (fits, _, refused) = replay(&file("nothing"), &file("nothing"), &[]);
    assert!(!fits && refused.contains("can't be read"), "{refused}");
}
