//! Owns what a workflow can't have of WASI, files and the network: toolchains drag it in whether a
//! program uses it or not, so it is linked, and to call it ends the run with a word on what to do.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};
use wasmtime_wasi::p2::bindings::filesystem::types::Descriptor;

use crate::wasm::EndRun;
use crate::wasm::workflow_guest::WorkflowHost;
use crate::workflow::failure::{Failure, error_type};

/// A resource that no workflow ever has.
enum Refused {}

/// Resources of `wasi:io` that other interfaces name as well.
const SHARED: [&str; 5] = ["error", "input-stream", "io-error", "output-stream", "pollable"];

fn is_refused(import: &str) -> bool {
    let interface = import.split('@').next().unwrap_or_default();
    let packages = ["wasi:filesystem/", "wasi:sockets/", "wasi:http/"];
    packages.iter().any(|package| interface.starts_with(package))
        && interface != "wasi:filesystem/preopens"
}

/// Links what the component imports of it.
pub(super) fn link(
    linker: &mut Linker<WorkflowHost>,
    component: &Component,
) -> wasmtime::Result<()> {
    let engine = component.engine().clone();
    let component_type = component.component_type();
    for (import, item) in component_type.imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        if !is_refused(import) {
            continue;
        }
        let mut linked = linker.instance(import)?;
        for (name, item) in instance.exports(&engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let message = format!(
                        "a workflow can't call {name} of {import}: what reaches out of it must be \
                         done in an activity"
                    );
                    linked.func_new(name, move |_, _, _, _| Err(refuse(&message)))?;
                }
                ComponentItem::Resource(_) if !SHARED.contains(&name) => {
                    let kind = match name {
                        // The list of folders a workflow has, which is empty, is a list of these.
                        "descriptor" => ResourceType::host::<Descriptor>(),
                        _ => ResourceType::host::<Refused>(),
                    };
                    linked.resource(name, kind, |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn refuse(message: &str) -> wasmtime::Error {
    EndRun::Failed(Failure::permanent(error_type::NOT_IN_WORKFLOW, message)).into()
}
