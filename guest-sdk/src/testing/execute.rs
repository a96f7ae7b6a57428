//! Owns the test of an activity by itself, without a workflow.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::ActivityInfo;
use crate::module;
use crate::payload::{INVALID_INPUT, INVALID_OUTPUT, decode, encode};
use crate::{Activity, ActivityContext, Failure};

use super::START_MS;
use super::mocks::{AttemptHost, Log};

/// Makes one attempt of an activity, for a test of the activity itself: the first one, so that no
/// attempt before it has made any progress. Input and output go through JSON, as they do on a host.
///
/// ```
/// use reweft_sdk::prelude::*;
/// use reweft_sdk::testing::execute;
///
/// #[activity]
/// fn half(number: u32) -> Result<u32, Failure> {
///     if number % 2 == 1 {
///         return Err(Failure::new("odd", format!("{number} has no half")));
///     }
///     Ok(number / 2)
/// }
///
/// assert_eq!(execute(half, 6).unwrap(), 3);
/// assert_eq!(execute(half, 7).unwrap_err().error_type, "odd");
/// ```
///
/// # Errors
/// The failure of the activity.
pub fn execute<A>(activity: A, input: A::Input) -> Result<A::Output, Failure>
where
    A: Activity,
    A::Input: Serialize,
    A::Output: DeserializeOwned,
{
    let _: A = activity;
    let name = A::NAME;
    let info = ActivityInfo {
        instance_id: "test-instance".to_owned(),
        activity_name: name.to_owned(),
        attempt: 1,
        idempotency_key: "test-instance/1".to_owned(),
        deadline: SystemTime::UNIX_EPOCH
            + Duration::from_millis(START_MS)
            + Duration::from_secs(60),
    };
    let input = encode(&input, INVALID_INPUT, format_args!("the input of activity {name:?}"))?;
    let host = Rc::new(AttemptHost::new(Log::default(), None));
    let output = module::execute::<A>(ActivityContext::new(host, info), &input)?;
    decode(&output, INVALID_OUTPUT, format_args!("the output of activity {name:?}"))
}
