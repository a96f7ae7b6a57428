//! Owns what a module exports: its workflows and activities by name, run from text to text. It must
//! not know who calls them.

use crate::executor::Run;
use crate::host::Outcome;
use crate::payload::{INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::{Activity, ActivityContext, Context, Failure, Workflow};

/// What [`export!`](crate::export) lists.
#[derive(Debug)]
pub struct Module {
    workflows: &'static [WorkflowEntry],
    activities: &'static [ActivityEntry],
}

/// A workflow whose types are forgotten.
#[derive(Debug)]
pub struct WorkflowEntry {
    name: &'static str,
    start: fn(Context, &str) -> Run,
}

/// An activity whose types are forgotten.
#[derive(Debug)]
pub struct ActivityEntry {
    name: &'static str,
    execute: fn(ActivityContext, &str) -> Outcome,
}

impl WorkflowEntry {
    /// Returns the entry of a workflow.
    pub const fn of<W: Workflow>() -> Self {
        Self { name: W::NAME, start: start::<W> }
    }
}

impl ActivityEntry {
    /// Returns the entry of an activity.
    pub const fn of<A: Activity>() -> Self {
        Self { name: A::NAME, execute: execute::<A> }
    }
}

impl Module {
    /// Returns a module of these entries.
    ///
    /// # Panics
    /// Two workflows, or two activities, have the same name; in a constant this is an error of
    /// compilation.
    pub const fn new(
        workflows: &'static [WorkflowEntry],
        activities: &'static [ActivityEntry],
    ) -> Self {
        let mut index = 0;
        while index < workflows.len() {
            let mut other = 0;
            while other < index {
                let same = same_text(workflows[index].name, workflows[other].name);
                assert!(!same, "two workflows of this module have the same name");
                other += 1;
            }
            index += 1;
        }
        let mut index = 0;
        while index < activities.len() {
            let mut other = 0;
            while other < index {
                let same = same_text(activities[index].name, activities[other].name);
                assert!(!same, "two activities of this module have the same name");
                other += 1;
            }
            index += 1;
        }
        Self { workflows, activities }
    }

    /// Returns the answer to `workflows.names`.
    pub fn workflow_names(&self) -> Vec<String> {
        self.workflows.iter().map(|workflow| workflow.name.to_owned()).collect()
    }

    /// Returns the answer to `activities.names`.
    pub fn activity_names(&self) -> Vec<String> {
        self.activities.iter().map(|activity| activity.name.to_owned()).collect()
    }

    pub(crate) fn run(&self, name: &str, context: Context, input: &str) -> Outcome {
        match self.workflows.iter().find(|workflow| workflow.name == name) {
            Some(workflow) => (workflow.start)(context, input).finish(),
            None => Err(not_found("workflow", name)),
        }
    }

    pub(crate) fn execute(&self, name: &str, context: ActivityContext, input: &str) -> Outcome {
        match self.activities.iter().find(|activity| activity.name == name) {
            Some(activity) => (activity.execute)(context, input),
            None => Err(not_found("activity", name)),
        }
    }
}

const fn same_text(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

fn not_found(kind: &str, name: &str) -> Failure {
    let message = format!("this module has no {kind} {name:?}");
    Failure::new(format!("{kind}-not-found"), message).non_retriable()
}

/// Returns a run of a workflow that has not begun.
pub(crate) fn start<W: Workflow>(context: Context, input: &str) -> Run {
    let name = W::NAME;
    let input = decode(input, INVALID_INPUT, format_args!("the input of workflow {name:?}"));
    Run::new(context.runtime(), async move {
        let output = W::run(context, input?).await?;
        encode(&output, INVALID_OUTPUT, format_args!("the output of workflow {name:?}"))
    })
}

/// Makes one attempt of an activity.
pub(crate) fn execute<A: Activity>(context: ActivityContext, input: &str) -> Outcome {
    let name = A::NAME;
    let input = decode(input, INVALID_INPUT, format_args!("the input of activity {name:?}"))?;
    let output = A::execute(context, input)?;
    encode(&output, INVALID_OUTPUT, format_args!("the output of activity {name:?}"))
}

/// Makes a crate a module: lists the workflows and the activities that it exports.
///
/// ```
/// # use reweft_sdk::prelude::*;
/// # #[workflow] async fn greet(ctx: Context) -> Result<(), Failure> { Ok(()) }
/// # #[activity] fn shout() -> Result<(), Failure> { Ok(()) }
/// reweft_sdk::export! { workflows: [greet], activities: [shout] }
/// ```
///
/// Either list may be left out. Two workflows, or two activities, of the same name don't compile.
/// Use it once, at the top level of a crate whose `crate-type` is `["cdylib", "rlib"]`; other than
/// on WebAssembly it exports nothing, so that the crate's tests link.
#[macro_export]
macro_rules! export {
    (workflows: [$($workflow:path),* $(,)?] $(, activities: [$($activity:path),* $(,)?])? $(,)?) => {
        $crate::__export_module! { [$($workflow),*] [$($($activity),*)?] }
    };
    (activities: [$($activity:path),* $(,)?] $(,)?) => {
        $crate::__export_module! { [] [$($activity),*] }
    };
}

/// What [`export!`](crate::export) comes to.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_module {
    ([$($workflow:path),*] [$($activity:path),*]) => {
        const _: () = {
            use $crate::__private as sdk;

            #[allow(dead_code)]
            static MODULE: sdk::Module = sdk::Module::new(
                &[$(sdk::WorkflowEntry::of::<$workflow>()),*],
                &[$(sdk::ActivityEntry::of::<$activity>()),*],
            );

            #[cfg(target_family = "wasm")]
            struct Exports;

            #[cfg(target_family = "wasm")]
            impl sdk::WorkflowsGuest for Exports {
                fn names() -> Vec<String> {
                    MODULE.workflow_names()
                }

                fn run(name: String, input: String) -> Result<String, sdk::WireFailure> {
                    sdk::run(&MODULE, &name, &input)
                }
            }

            #[cfg(target_family = "wasm")]
            impl sdk::ActivitiesGuest for Exports {
                fn names() -> Vec<String> {
                    MODULE.activity_names()
                }

                fn execute(name: String, input: String) -> Result<String, sdk::WireFailure> {
                    sdk::execute(&MODULE, &name, &input)
                }
            }

            #[cfg(target_family = "wasm")]
            $crate::bindings::export!(Exports with_types_in $crate::bindings);
        };
    };
}
