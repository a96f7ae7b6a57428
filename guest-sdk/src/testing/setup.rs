//! Owns how a test says what the world is like. It must not know what happens in it.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::host::Outcome;
use crate::module;
use crate::payload::{INVALID_EVENT, INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::{Activity, ActivityContext, Failure, Workflow};

use super::mocks::{Child, Execute, Mock};
use super::{Event, Harness, Report};

impl Default for Harness {
    fn default() -> Self {
        Self::new()
    }
}

/// What the world is like.
impl Harness {
    /// Returns a world without activities and other workflows, where nothing happens.
    pub fn new() -> Self {
        Self {
            instance_id: "test-instance".to_owned(),
            seed: 0,
            mocks: Rc::default(),
            events: Vec::new(),
            too_new: Default::default(),
            report: Report::default(),
        }
    }

    /// Gives the instance this ID; `test-instance` if never called.
    pub fn instance_id(&mut self, id: impl Into<String>) -> &mut Self {
        self.instance_id = id.into();
        self
    }

    /// Gives the workflow other random numbers: the same ones for the same seed.
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.seed = seed;
        self
    }

    /// Lets `mock` stand in for an activity. It takes no simulated time.
    pub fn activity<A: Activity>(
        &mut self,
        activity: A,
        mock: impl FnMut(A::Input) -> Result<A::Output, Failure> + 'static,
    ) -> &mut Self {
        self.activity_taking(Duration::ZERO, activity, mock)
    }

    /// Lets `mock` stand in for an activity, each attempt of which takes some simulated time: more
    /// than the timeout of its call makes it fail, with error type `timeout`. As a mock sends no
    /// heartbeats, more than the heartbeat timeout makes it fail, too, with error type
    /// `heartbeat-timeout`.
    pub fn activity_taking<A: Activity>(
        &mut self,
        takes: Duration,
        activity: A,
        mut mock: impl FnMut(A::Input) -> Result<A::Output, Failure> + 'static,
    ) -> &mut Self {
        let _: A = activity;
        let name = A::NAME;
        self.insert_activity(name, takes, move |_, input| {
            let input =
                decode(input, INVALID_INPUT, format_args!("the input of activity {name:?}"))?;
            let output = mock(input)?;
            encode(&output, INVALID_OUTPUT, format_args!("the output of activity {name:?}"))
        })
    }

    /// Lets `mock` stand in for whatever activity is called by this name, as another module's
    /// `module/activity`.
    pub fn activity_named(
        &mut self,
        name: &str,
        mut mock: impl FnMut(Value) -> Result<Value, Failure> + 'static,
    ) -> &mut Self {
        let what = format!("the input of activity {name:?}");
        self.insert_activity(name, Duration::ZERO, move |_, input| {
            Ok(mock(decode(input, INVALID_INPUT, &what)?)?.to_string())
        })
    }

    /// Runs the real function when an activity is called. What it says with
    /// [`heartbeat`](ActivityContext::heartbeat), the next attempt can read.
    pub fn real_activity<A: Activity>(&mut self, activity: A) -> &mut Self {
        let _: A = activity;
        self.insert_activity(A::NAME, Duration::ZERO, module::execute::<A>)
    }

    fn insert_activity(
        &mut self,
        name: &str,
        takes: Duration,
        answer: impl FnMut(ActivityContext, &str) -> Outcome + 'static,
    ) -> &mut Self {
        let mock: Mock<Execute> = Mock { takes, answer: Box::new(answer) };
        self.mocks.borrow_mut().activities.insert(name.to_owned(), mock);
        self
    }

    /// Lets `mock` stand in for a workflow that is called as a child. It takes no simulated time.
    ///
    /// ```
    /// use reweft_sdk::prelude::*;
    /// use reweft_sdk::testing::Harness;
    /// use serde_json::json;
    ///
    /// #[workflow(name = "Deliver")]
    /// async fn deliver(_ctx: Context, _parcel: String) -> Result<u32, Failure> {
    ///     unimplemented!("takes days")
    /// }
    ///
    /// #[workflow]
    /// async fn order(ctx: Context) -> Result<u32, Failure> {
    ///     ctx.workflow(deliver, "car".to_owned()).await
    /// }
    ///
    /// let mut harness = Harness::new();
    /// harness.workflow(deliver, |_parcel| Ok(3));
    /// assert_eq!(harness.run(order, ()).unwrap(), 3);
    /// let started = ("test-instance:0001".to_owned(), "Deliver".to_owned(), json!("car"));
    /// assert_eq!(harness.children(), [started]);
    /// ```
    pub fn workflow<W: Workflow>(
        &mut self,
        workflow: W,
        mock: impl FnMut(W::Input) -> Result<W::Output, Failure> + 'static,
    ) -> &mut Self {
        self.workflow_taking(Duration::ZERO, workflow, mock)
    }

    /// Lets `mock` stand in for a workflow that is called as a child, each attempt of which takes
    /// some simulated time.
    pub fn workflow_taking<W: Workflow>(
        &mut self,
        takes: Duration,
        workflow: W,
        mut mock: impl FnMut(W::Input) -> Result<W::Output, Failure> + 'static,
    ) -> &mut Self {
        let _: W = workflow;
        let name = W::NAME;
        self.insert_workflow(name, takes, move |input| {
            let input =
                decode(input, INVALID_INPUT, format_args!("the input of workflow {name:?}"))?;
            let output = mock(input)?;
            encode(&output, INVALID_OUTPUT, format_args!("the output of workflow {name:?}"))
        })
    }

    /// Lets `mock` stand in for whatever workflow is called as a child by this name.
    pub fn workflow_named(
        &mut self,
        name: &str,
        mut mock: impl FnMut(Value) -> Result<Value, Failure> + 'static,
    ) -> &mut Self {
        let what = format!("the input of workflow {name:?}");
        self.insert_workflow(name, Duration::ZERO, move |input| {
            Ok(mock(decode(input, INVALID_INPUT, &what)?)?.to_string())
        })
    }

    /// Runs the real workflow when it is called as a child: an instance of its own in this world, with
    /// the same activities.
    pub fn real_workflow<W: Workflow>(&mut self, workflow: W) -> &mut Self {
        let _: W = workflow;
        let child = Child::Real(module::start::<W>);
        self.mocks.borrow_mut().workflows.insert(W::NAME.to_owned(), child);
        self
    }

    fn insert_workflow(
        &mut self,
        name: &str,
        takes: Duration,
        answer: impl FnMut(&str) -> Outcome + 'static,
    ) -> &mut Self {
        let child = Child::Mock(Mock { takes, answer: Box::new(answer) });
        self.mocks.borrow_mut().workflows.insert(name.to_owned(), child);
        self
    }

    /// Raises an event as soon as the instance has started.
    ///
    /// # Panics
    /// JSON has no words for the payload.
    pub fn raise_event(&mut self, name: &str, payload: impl Serialize) -> &mut Self {
        self.raise_event_after(Duration::ZERO, name, payload)
    }

    /// Raises an event this long after the instance has started.
    ///
    /// # Panics
    /// JSON has no words for the payload.
    pub fn raise_event_after(
        &mut self,
        after: Duration,
        name: &str,
        payload: impl Serialize,
    ) -> &mut Self {
        self.add_event(after, None, name, &payload)
    }

    /// Raises an event to a [real child](Self::real_workflow), by its instance ID, this long after the
    /// instance under test has started. If there is no such child at that moment, it goes nowhere.
    ///
    /// # Panics
    /// JSON has no words for the payload.
    pub fn raise_event_to_child_after(
        &mut self,
        after: Duration,
        instance_id: &str,
        name: &str,
        payload: impl Serialize,
    ) -> &mut Self {
        self.add_event(after, Some(instance_id.to_owned()), name, &payload)
    }

    fn add_event(
        &mut self,
        after: Duration,
        to: Option<String>,
        name: &str,
        payload: &impl Serialize,
    ) -> &mut Self {
        match encode(payload, INVALID_EVENT, format_args!("the payload of event {name:?}")) {
            Ok(payload) => self.events.push(Event { after, to, name: name.to_owned(), payload }),
            Err(failure) => panic!("{failure}"),
        }
        self
    }

    /// Makes the instance one that was beyond this patch before the change: the answer of
    /// [`is_patched`](crate::Context::is_patched) is false. In its children, and in the next generation
    /// if it continues as new, it is true all the same, since they begin after the change.
    pub fn started_before_patch(&mut self, patch: &str) -> &mut Self {
        self.too_new.insert(patch.to_owned());
        self
    }
}
