//! Owns what is measured: one file for each case.

mod chain;
mod dormant;
mod fan_out;
mod mixed;
mod replay;
mod steps;
mod upload;

use std::path::PathBuf;

use support::{Client, Host, HostOptions};

use crate::figures::Figures;
use crate::machine::Machine;

/// What a case is measured with.
pub(crate) struct Setting {
    pub(crate) binary: PathBuf,
    pub(crate) machine: Machine,
    pub(crate) dormant: u64,
    pub(crate) mixed_seconds: u64,
}

impl Setting {
    /// Starts a host on an empty directory, with the patterns.
    fn host(&self) -> Host {
        self.host_with("patterns")
    }

    /// Starts a host on an empty directory, with a module that is compiled well.
    fn host_with(&self, module: &str) -> Host {
        let options = HostOptions { binary: Some(self.binary.clone()), ..HostOptions::default() };
        let host = Host::start_with(options);
        let uploaded = host.client().upload(module, &support::module(module));
        host.wait_until_compiled(uploaded["digest"].as_str().expect("a module has a digest"));
        host
    }
}

/// Starts an instance, and waits until it has completed.
fn run(client: &Client, workflow: &str, id: &str, input: &str) {
    let path = format!("/v1.0/workflows/dapr/{workflow}/start?instanceID={id}&wait=5m");
    let ended = client.send("POST", &path, input.as_bytes()).expect(200).json();
    assert_eq!(ended["runtimeStatus"], "COMPLETED", "{ended}");
}

type Measure = fn(&Setting, &mut Figures) -> anyhow::Result<()>;

/// Every case, by its name.
pub(crate) const CASES: [(&str, Measure); 7] = [
    ("chain", chain::measure),
    ("fan-out", fan_out::measure),
    ("steps", steps::measure),
    ("replay", replay::measure),
    ("upload", upload::measure),
    ("dormant", dormant::measure),
    ("mixed", mixed::measure),
];
