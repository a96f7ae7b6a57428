//! Owns what a guest's imports are linked with: the contract, the WASI that fits, and for the other half
//! of a combined module a trap.

use std::task::Poll;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, Resource, ResourceType};
use wasmtime::{StoreContextMut, WasmBacktrace};

use super::activity_guest::ActivityHost;
use super::bindings::activity::ActivityModulePre;
use super::bindings::workflow::WorkflowModulePre;
use super::bindings::{activity, workflow};
use super::durable_wasi;
use super::outbound;
use super::workflow_guest::{Frame, WorkflowHost};
use super::workflow_imports::Task;
use crate::workflow::id::TaskNumber;
use crate::workflow::replay::{Nondeterminism, Replay};

pub(super) const CONTRACT: &str = "reweft:workflow/";
pub(super) const CONTRACT_VERSION: &str = "@0.1.0";
pub(super) const WORKFLOWS: &str = "reweft:workflow/workflows@0.1.0";
pub(super) const ACTIVITIES: &str = "reweft:workflow/activities@0.1.0";
pub(super) const CONTEXT: &str = "reweft:workflow/context@0.1.0";
pub(super) const ACTIVITY_CONTEXT: &str = "reweft:workflow/activity-context@0.1.0";

/// Links a module's workflows.
pub(super) fn link_workflows(
    component: &Component,
) -> wasmtime::Result<WorkflowModulePre<WorkflowHost>> {
    WorkflowModulePre::new(workflow_linker(component)?.instantiate_pre(component)?)
}

fn workflow_linker(component: &Component) -> wasmtime::Result<Linker<WorkflowHost>> {
    let mut linker = Linker::<WorkflowHost>::new(component.engine());
    workflow::WorkflowModule::add_to_linker::<_, wasmtime::component::HasSelf<_>>(
        &mut linker,
        |host| host,
    )?;
    durable_wasi::link(&mut linker, component)?;
    trap_on_calls_of(ACTIVITY_CONTEXT, &mut linker, component)?;
    Ok(linker)
}

/// Links a module's workflows so that a guest notes its own call stack whenever it has to wait.
pub(super) fn link_observed_workflows(
    component: &Component,
) -> wasmtime::Result<WorkflowModulePre<WorkflowHost>> {
    let mut linker = workflow_linker(component)?;
    linker.allow_shadowing(true);
    let mut context = linker.instance(CONTEXT)?;
    context.func_wrap_async("select", |store, (tasks,): (Vec<Resource<Task>>,)| {
        let tasks: Vec<TaskNumber> = tasks.iter().map(|task| TaskNumber(task.rep())).collect();
        Box::new(observed(store, move |replay| {
            let selected = replay.select(&tasks)?;
            Ok(selected.position().map(|position| (position as u32,)))
        }))
    })?;
    context.func_wrap_async("select-any", |store, (): ()| {
        Box::new(observed(store, |replay| Ok(replay.select_any()?.map(|task| (task.0,)))))
    })?;
    durable_wasi::link_observed(&mut linker, component)?;
    WorkflowModulePre::new(linker.instantiate_pre(component)?)
}

/// Waits as a guest does, and notes its call stack each time that nothing is there to be had.
pub(super) async fn observed<T>(
    store: StoreContextMut<'_, WorkflowHost>,
    mut look: impl FnMut(&mut Replay) -> Result<Option<T>, Nondeterminism>,
) -> wasmtime::Result<T> {
    std::future::poll_fn(|_| {
        let found = {
            let mut shared = store.data().shared();
            let found = look(&mut shared.replay);
            shared.renew_ticks();
            found
        };
        match found {
            Ok(Some(found)) => Poll::Ready(Ok(found)),
            Ok(None) => {
                let stack = frames(&WasmBacktrace::force_capture(&store));
                store.data().shared().block_at(stack);
                Poll::Pending
            }
            Err(diverged) => Poll::Ready(Err(diverged.into())),
        }
    })
    .await
}

fn frames(backtrace: &WasmBacktrace) -> Vec<Frame> {
    let mut frames = Vec::new();
    for frame in backtrace.frames() {
        // Of functions that were inlined there are several symbols, the innermost first.
        for symbol in frame.symbols() {
            let function = symbol.name().or_else(|| frame.func_name()).map(str::to_owned);
            let (file, line) = (symbol.file().map(str::to_owned), symbol.line());
            frames.push(Frame { function, file, line });
        }
        if frame.symbols().is_empty() {
            // Only symbols come readable already; `#` leaves out Rust's hashes.
            let function =
                frame.func_name().map(|name| format!("{:#}", rustc_demangle::demangle(name)));
            frames.push(Frame { function, file: None, line: None });
        }
    }
    frames
}

/// Links a module's activities.
pub(super) fn link_activities(
    component: &Component,
) -> wasmtime::Result<ActivityModulePre<ActivityHost>> {
    let mut linker = Linker::<ActivityHost>::new(component.engine());
    activity::ActivityModule::add_to_linker::<_, wasmtime::component::HasSelf<_>>(
        &mut linker,
        |host| host,
    )?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    outbound::link_look_ups(&mut linker)?;
    trap_on_calls_of(CONTEXT, &mut linker, component)?;
    ActivityModulePre::new(linker.instantiate_pre(component)?)
}

/// Links what the other half of a combined module imports: to call it ends the guest.
fn trap_on_calls_of<T: 'static>(
    interface: &'static str,
    linker: &mut Linker<T>,
    component: &Component,
) -> wasmtime::Result<()> {
    let engine = component.engine();
    let component_type = component.component_type();
    let import = component_type.get_import(engine, interface);
    let Some(ComponentItem::ComponentInstance(instance)) = import.map(|import| import.ty) else {
        return Ok(());
    };
    let mut linked = linker.instance(interface)?;
    for (name, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => {
                let message = format!("{interface} can't be called from here ({name})");
                linked
                    .func_new(name, move |_, _, _, _| Err(wasmtime::Error::msg(message.clone())))?;
            }
            ComponentItem::Resource(_) => {
                linked.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?;
            }
            _ => {}
        }
    }
    Ok(())
}
