//! Owns what an activity sees of its host. It must not know who answers.

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;
use crate::host::answering::*;
use crate::host::{ActivityInfo, Level};
use crate::payload::{INVALID_PROGRESS, decode, encode};

/// What an activity sees of its host, beside WASI.
#[derive(Clone)]
pub struct ActivityContext {
    host: Rc<SomeActivityHost>,
    info: Rc<ActivityInfo>,
}

impl ActivityContext {
    pub(crate) fn new(host: Rc<SomeActivityHost>, info: ActivityInfo) -> Self {
        Self { host, info: Rc::new(info) }
    }

    /// Returns what is being done, and for whom.
    pub fn info(&self) -> &ActivityInfo {
        &self.info
    }

    /// Returns the ID of the instance that asked for it.
    pub fn instance_id(&self) -> &str {
        &self.info.instance_id
    }

    /// Returns the number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.info.attempt
    }

    /// Returns a key that is the same for every attempt of this call and different for every other
    /// call: what to give a payment service so that it pays once.
    pub fn idempotency_key(&self) -> &str {
        &self.info.idempotency_key
    }

    /// Returns when this attempt is stopped.
    pub fn deadline(&self) -> SystemTime {
        self.info.deadline
    }

    /// Says that this attempt gets on, and how far it is: anything that serde serializes. The next
    /// attempt can read it with [`last_progress`](Self::last_progress).
    ///
    /// ```
    /// use reweft_sdk::prelude::*;
    ///
    /// /// Copies so many pages, and goes on where the attempt before it was stopped.
    /// #[activity]
    /// fn copy(ctx: ActivityContext, pages: u32) -> Result<(), Failure> {
    ///     let done = ctx.last_progress::<u32>()?.unwrap_or(0);
    ///     for page in done + 1..=pages {
    ///         copy_page(page)?;
    ///         ctx.heartbeat(page)?;
    ///     }
    ///     Ok(())
    /// }
    /// # fn copy_page(_page: u32) -> Result<(), Failure> { Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Cancelled`], once the attempt is no longer wanted: clean up and return, which `?` does. An
    /// activity that goes on all the same is soon stopped.
    ///
    /// # Panics
    /// JSON has no words for `progress`.
    pub fn heartbeat(&self, progress: impl Serialize) -> Result<(), Cancelled> {
        let progress = match encode(&progress, INVALID_PROGRESS, "the progress") {
            Ok(progress) => progress,
            Err(failure) => panic!("{failure}"),
        };
        match self.host.heartbeat(&progress) {
            true => Err(Cancelled),
            false => Ok(()),
        }
    }

    /// Returns what the attempt before this one said last with [`heartbeat`](Self::heartbeat); none
    /// if it said nothing, or if this is the first attempt.
    ///
    /// # Errors
    /// The progress is not a `T`: the error type is `invalid-progress`.
    pub fn last_progress<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        let Some(progress) = self.host.last_progress() else { return Ok(None) };
        decode(&progress, INVALID_PROGRESS, "the last progress").map(Some)
    }

    /// Writes a line to the host's log.
    pub fn log(&self, level: Level, message: impl fmt::Display) {
        self.host.log(level, &message.to_string());
    }
}

impl fmt::Debug for ActivityContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityContext").field("info", &self.info).finish_non_exhaustive()
    }
}

/// An attempt of an activity is no longer wanted: its workflow has dropped the call, or has ended. As
/// a [`Failure`] it has the error type `cancelled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the attempt is no longer wanted")
    }
}

impl Error for Cancelled {}
