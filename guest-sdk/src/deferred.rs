//! Owns what calls of activities and of child workflows have in common: nothing happens until they are
//! polled or started, and their output is read from JSON. It must not know what is called.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::FusedFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::executor::Runtime;
use crate::host::answering::SomeHost;
use crate::host::{Outcome, TaskId};
use crate::payload::{INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::{Failure, Task};

/// How a call is to be done, which also says what kind of thing is called.
pub(crate) trait Options: Default + Unpin {
    /// What is called, in a word.
    const CALLEE: &'static str;

    /// Makes the call.
    fn ask(&self, host: &SomeHost, name: &str, input: &str) -> TaskId;
}

/// A call that the host hears of when it is polled or started, whichever comes first.
pub(crate) struct Deferred<T, O> {
    runtime: Rc<Runtime>,
    name: String,
    input: Result<String, Failure>,
    pub(crate) options: O,
    task: Option<Task<Result<T, Failure>>>,
}

impl<T, O> Deferred<T, O> {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the host has heard of it.
    pub(crate) fn is_asked(&self) -> bool {
        self.task.is_some()
    }
}

impl<T: DeserializeOwned, O: Options> Deferred<T, O> {
    pub(crate) fn new(runtime: Rc<Runtime>, name: String, input: &impl Serialize) -> Self {
        let what = format_args!("the input of {} {name:?}", O::CALLEE);
        let input = encode(input, INVALID_INPUT, what);
        Self { runtime, name, input, options: O::default(), task: None }
    }

    pub(crate) fn start(mut self) -> Task<Result<T, Failure>> {
        match self.task.take() {
            Some(task) => task,
            None => self.ask(read_output),
        }
    }

    /// Makes the call. What it resolves to is given to `read`.
    pub(crate) fn ask<R>(&self, read: fn(&str, Outcome) -> R) -> Task<R> {
        let runtime = self.runtime.clone();
        let callee = format!("{} {:?}", O::CALLEE, self.name);
        match &self.input {
            Ok(input) => {
                let task = self.options.ask(&*runtime.host, &self.name, input);
                Task::new(runtime, task, callee, read)
            }
            Err(failure) => Task::known(runtime, Err(failure.clone()), callee, read),
        }
    }
}

/// Reads what `callee` has returned, for example `activity "Charge"`.
pub(crate) fn read_output<T: DeserializeOwned>(
    callee: &str,
    outcome: Outcome,
) -> Result<T, Failure> {
    decode(&outcome?, INVALID_OUTPUT, format_args!("the output of {callee}"))
}

impl<T: DeserializeOwned, O: Options> Future for Deferred<T, O> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut task = match self.task.take() {
            Some(task) => task,
            None => self.ask(read_output),
        };
        let result = Pin::new(&mut task).poll(context);
        self.task = Some(task);
        result
    }
}

impl<T: DeserializeOwned, O: Options> FusedFuture for Deferred<T, O> {
    fn is_terminated(&self) -> bool {
        self.task.as_ref().is_some_and(Task::is_terminated)
    }
}
