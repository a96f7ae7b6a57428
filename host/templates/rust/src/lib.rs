//! A greeting that waits for an answer, for a day at most.

use reweft_sdk::prelude::*;

/// An activity does the work. It may fail, and be tried again.
#[activity(name = "say")]
fn say(text: String) -> Result<String, Failure> {
    Ok(format!("said: {text}"))
}

/// A workflow says what is done when. Whatever happens to the host, each step is done once.
#[workflow(name = "{{name}}")]
async fn hello(ctx: Context, name: String) -> Result<String, Failure> {
    let twice = RetryPolicy::new(2, Duration::from_secs(5));
    ctx.activity(say, format!("Hello, {name}!")).retry(twice).await?;
    let one_day = Duration::from_secs(24 * 60 * 60);
    match ctx.timeout(one_day, ctx.event::<String>("Answer")).await {
        Ok(answer) => ctx.activity(say, format!("Thanks for '{}'.", answer?)).await,
        Err(_) => Ok("no answer".to_owned()),
    }
}

reweft_sdk::export! { workflows: [hello], activities: [say] }

#[cfg(test)]
mod tests {
    use super::*;
    use reweft_sdk::testing::Harness;

    #[test]
    fn a_day_passes_in_no_time() {
        let mut harness = Harness::new();
        harness.real_activity(say);
        assert_eq!(harness.run(hello, "Ada".to_owned()).unwrap(), "no answer");
    }
}
