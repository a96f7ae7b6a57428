//! A workflow that does what its input says: for tests that make up workflows at random.

use std::pin::Pin;

use futures::future::{join_all, select};
use futures::pin_mut;
use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::activities::{square, succeed_at};
use crate::child_retries::always_fails;

/// Something to do. Each step but the last four adds one value to the output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Square a number in an activity.
    Square(i64),
    /// Call an activity that succeeds at this attempt; gives its number.
    Retry(u32),
    /// Sleep for so many milliseconds; gives null.
    Sleep(u64),
    /// Wait for the event of this name; gives its payload.
    Event(String),
    /// Call a child that does this; gives what it returns.
    Child(Vec<Step>),
    /// Call a child that fails, and catch that; gives the message.
    FailingChild(String),
    /// Call a child under this ID, so often at most; gives what it returns, or the type of its failure.
    NamedChild {
        /// The ID of its instance.
        id: String,
        /// What it does.
        steps: Vec<Step>,
        /// How many attempts it has.
        attempts: u32,
    },
    /// Do all of these at once; gives what each branch gives.
    All(Vec<Vec<Step>>),
    /// Let a step race a timer of an hour and an event that nobody raises; gives what the step gives.
    Race(Box<Step>),
    /// Raise an event to another instance.
    Raise {
        /// Which.
        to: String,
        /// The event's name.
        name: String,
        /// What comes with it.
        payload: Value,
    },
    /// Start so many activities, and wait for none of them.
    Forget(u32),
    /// Draw a random number, look at the clock, and show a status made of both.
    Look,
    /// Continue as new with what is left to do. Only at the top.
    Again,
}

/// What to do, and what was given so far.
#[derive(Debug, Serialize, Deserialize)]
pub struct Program {
    /// What is left to do.
    pub steps: Vec<Step>,
    /// The values so far; none, if absent.
    #[serde(default)]
    pub values: Vec<Value>,
}

/// Does what its input says, and returns the values that the steps give.
#[workflow(name = "Interpreter")]
pub async fn interpreter(ctx: Context, program: Program) -> Result<Vec<Value>, Failure> {
    let Program { steps, mut values } = program;
    let mut steps = steps.into_iter();
    while let Some(step) = steps.next() {
        if matches!(step, Step::Again) {
            let rest = Program { steps: steps.collect(), values };
            return ctx.continue_as_new(rest, UnreadEvents::Keep).await;
        }
        values.extend(take(ctx.clone(), step).await?);
    }
    Ok(values)
}

type Taken = Pin<Box<dyn Future<Output = Result<Option<Value>, Failure>>>>;

fn take(ctx: Context, step: Step) -> Taken {
    Box::pin(async move {
        Ok(Some(match step {
            Step::Square(number) => json!(ctx.activity(square, number).await?),
            Step::Retry(attempt) => {
                let policy = RetryPolicy::new(attempt, Duration::from_millis(20));
                json!(ctx.activity(succeed_at, attempt).retry(policy).await?)
            }
            Step::Sleep(milliseconds) => {
                ctx.sleep(Duration::from_millis(milliseconds)).await;
                Value::Null
            }
            Step::Event(name) => ctx.event(&name).await?,
            Step::Child(steps) => {
                let program = Program { steps, values: Vec::new() };
                json!(ctx.workflow(interpreter, program).await?)
            }
            Step::FailingChild(message) => match ctx.workflow(always_fails, message).await {
                Ok(()) => Value::Null,
                Err(failure) => json!(failure.message),
            },
            Step::NamedChild { id, steps, attempts } => {
                let program = Program { steps, values: Vec::new() };
                let policy = RetryPolicy::new(attempts, Duration::from_millis(20));
                let child = ctx.workflow(interpreter, program).instance_id(id).retry(policy);
                child.await.map_or_else(|failure| json!(failure.error_type), |values| json!(values))
            }
            Step::All(branches) => {
                let branches = branches.into_iter().map(|steps| take_all(ctx.clone(), steps));
                json!(join_all(branches).await.into_iter().collect::<Result<Vec<_>, _>>()?)
            }
            Step::Race(step) => race(ctx, *step).await?,
            Step::Raise { to, name, payload } => {
                ctx.raise_event(&to, &name, payload)?;
                return Ok(None);
            }
            Step::Forget(count) => {
                for _ in 0..count {
                    ctx.activity(succeed_at, 1).start().detach();
                }
                return Ok(None);
            }
            Step::Look => {
                ctx.set_custom_status(format!("{} at {:?}", ctx.random_u64(), ctx.now()));
                return Ok(None);
            }
            Step::Again => return Err(Failure::new("misplaced", "again is for the top alone")),
        }))
    })
}

async fn take_all(ctx: Context, steps: Vec<Step>) -> Result<Vec<Value>, Failure> {
    let mut values = Vec::new();
    for step in steps {
        values.extend(take(ctx.clone(), step).await?);
    }
    Ok(values)
}

/// The losers are dropped, and so cancelled.
async fn race(ctx: Context, step: Step) -> Result<Value, Failure> {
    let timer = ctx.sleep(Duration::from_secs(3600));
    let nobody = ctx.event::<Value>("nobody-raises-this");
    let step = take(ctx.clone(), step);
    let losers = select(timer, nobody);
    pin_mut!(losers);
    match select(step, losers).await {
        futures::future::Either::Left((value, _)) => Ok(value?.unwrap_or_default()),
        futures::future::Either::Right(_) => Err(Failure::new("lost", "the step lost its race")),
    }
}
