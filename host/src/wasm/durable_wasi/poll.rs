//! Owns what a workflow waits for through WASI: moments. A wait for one that is not there yet is a
//! durable timer, in the history like any other, and ends by the same rule: results reach the guest
//! one at a time, in the order of the history.

use wasmtime::AsContextMut;
use wasmtime::component::{Component, Linker, Resource, ResourceType};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll;

use crate::wasm::EndRun;
use crate::wasm::linking::observed;
use crate::wasm::workflow_guest::WorkflowHost;
use crate::workflow::command::Command;
use crate::workflow::id::{TaskNumber, Timestamp};
use crate::workflow::replay::{Nondeterminism, Replay};

/// How many a guest may hold at once.
const POLLABLES_MAX: usize = 1_000_000;

/// What a pollable stands for.
#[derive(Debug)]
pub(in crate::wasm) enum Pollable {
    /// A stream, which never blocks.
    Ready,
    /// A moment. The timer is started when the guest first has to wait for it: many a moment is
    /// asked for and never waited for.
    Due { at: Timestamp, timer: Option<TaskNumber> },
}

impl Pollable {
    pub(super) fn due_at(at: Timestamp) -> Self {
        Self::Due { at, timer: None }
    }

    fn is_ready(&self, now: Timestamp) -> bool {
        match self {
            Self::Ready => true,
            Self::Due { at, .. } => *at <= now,
        }
    }
}

/// What a guest has to wait for before some of its pollables are ready.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    timer: Option<TaskNumber>,
}

impl Waiting {
    /// Returns whether it is over, as far as the history goes.
    fn look(self, replay: &mut Replay) -> Result<Option<()>, Nondeterminism> {
        match self.timer {
            Some(timer) => Ok(replay.select(&[timer])?.position().map(|_| ())),
            None => Ok(Some(())),
        }
    }
}

impl WorkflowHost {
    pub(super) fn add_pollable(
        &mut self,
        pollable: Pollable,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        if self.pollables.len() == POLLABLES_MAX {
            return Err(EndRun::limit_exceeded(format!(
                "the workflow holds {POLLABLES_MAX} pollables already, and may not hold more: drop \
                 those it no longer waits for"
            )));
        }
        Ok(Resource::new_own(self.pollables.insert(pollable) as u32))
    }

    fn pollable(&self, handle: &Resource<DynPollable>) -> wasmtime::Result<&Pollable> {
        self.pollables.get(handle.rep() as usize).ok_or_else(unknown)
    }

    /// Prepares to wait for the first of several. Only the earliest moment needs a timer, since all
    /// that are ready are seen when the wait is over.
    fn wait_for(&mut self, pollables: &[Resource<DynPollable>]) -> wasmtime::Result<Waiting> {
        if pollables.is_empty() {
            let message = "poll needs at least one pollable to wait for".to_owned();
            return Err(EndRun::invalid_argument(message));
        }
        let now = self.shared().replay.now();
        let mut earliest: Option<(Timestamp, u32)> = None;
        for handle in pollables {
            match *self.pollable(handle)? {
                Pollable::Due { at, .. } if at > now => {
                    if earliest.is_none_or(|(earliest, _)| at < earliest) {
                        earliest = Some((at, handle.rep()));
                    }
                }
                _ => return Ok(Waiting { timer: None }),
            }
        }
        let Some((at, handle)) = earliest else { return Ok(Waiting { timer: None }) };
        let started = match self.pollables.get(handle as usize) {
            Some(Pollable::Due { timer: Some(timer), .. }) => *timer,
            _ => self.start_timer_at(at)?,
        };
        if let Some(Pollable::Due { timer, .. }) = self.pollables.get_mut(handle as usize) {
            *timer = Some(started);
        }
        Ok(Waiting { timer: Some(started) })
    }

    fn start_timer_at(&self, at: Timestamp) -> wasmtime::Result<TaskNumber> {
        if at > Timestamp::MAX {
            return Err(EndRun::invalid_argument(format!(
                "a sleep until {} ms since 1970 would end after the year 9999",
                at.0
            )));
        }
        let timer = self.open_task(Command::StartTimer { fire_at: at })?;
        self.shared().replay.withhold(timer);
        Ok(timer)
    }

    /// Returns the positions of those that are ready.
    fn ready(&self, pollables: &[Resource<DynPollable>]) -> wasmtime::Result<Vec<u32>> {
        let now = self.shared().replay.now();
        let mut ready = Vec::new();
        for (position, pollable) in pollables.iter().enumerate() {
            if self.pollable(pollable)?.is_ready(now) {
                ready.push(position as u32);
            }
        }
        Ok(ready)
    }
}

fn unknown() -> wasmtime::Error {
    wasmtime::Error::msg("a pollable that does not exist")
}

impl poll::Host for WorkflowHost {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        let waiting = self.wait_for(&pollables)?;
        self.wait(|replay| waiting.look(replay)).await?;
        self.ready(&pollables)
    }
}

impl poll::HostPollable for WorkflowHost {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        let now = self.shared().replay.now();
        Ok(self.pollable(&pollable)?.is_ready(now))
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        let waiting = self.wait_for(&[pollable])?;
        self.wait(|replay| waiting.look(replay)).await
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        let dropped = self.pollables.try_remove(pollable.rep() as usize).ok_or_else(unknown)?;
        if let Pollable::Due { timer: Some(timer), .. } = dropped {
            let mut shared = self.shared();
            // Nobody waits for it any more: it must neither fire nor be counted.
            shared.replay.cancel(timer)?;
            shared.replay.drop_handle(timer);
        }
        Ok(())
    }
}

/// Links polling so that a guest notes its own call stack whenever it has to wait.
pub(in crate::wasm) fn link_observed(
    linker: &mut Linker<WorkflowHost>,
    component: &Component,
) -> wasmtime::Result<()> {
    let component_type = component.component_type();
    for (import, _) in component_type.imports(component.engine()) {
        if !import.starts_with("wasi:io/poll@") {
            continue;
        }
        let mut linked = linker.instance(import)?;
        linked.resource("pollable", ResourceType::host::<DynPollable>(), |mut store, handle| {
            poll::HostPollable::drop(store.data_mut(), Resource::new_own(handle))
        })?;
        linked.func_wrap_async(
            "[method]pollable.ready",
            |mut store, (pollable,): (Resource<DynPollable>,)| {
                Box::new(async move {
                    Ok((poll::HostPollable::ready(store.data_mut(), pollable).await?,))
                })
            },
        )?;
        linked.func_wrap_async(
            "[method]pollable.block",
            |mut store, (pollable,): (Resource<DynPollable>,)| {
                Box::new(async move {
                    let waiting = store.data_mut().wait_for(&[pollable])?;
                    observed(store, move |replay| waiting.look(replay)).await
                })
            },
        )?;
        linked.func_wrap_async(
            "poll",
            |mut store, (pollables,): (Vec<Resource<DynPollable>>,)| {
                Box::new(async move {
                    let waiting = store.data_mut().wait_for(&pollables)?;
                    observed(store.as_context_mut(), move |replay| waiting.look(replay)).await?;
                    Ok((store.data().ready(&pollables)?,))
                })
            },
        )?;
    }
    Ok(())
}
