//! Compensation: when a step fails, those before it are undone, the last one first.

use std::cell::RefCell;
use std::rc::Rc;

use reweft_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// What to order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Purchase {
    /// The steps that fail: any of `reserve`, `release`, `pay`, `refund` and `ship`.
    #[serde(default)]
    pub failing: Vec<String>,
}

/// Puts the goods aside.
#[activity(name = "Reserve")]
pub fn reserve(purchase: Purchase) -> Result<String, Failure> {
    act("reserve", &purchase)
}

/// Undoes `Reserve`.
#[activity(name = "Release")]
pub fn release(purchase: Purchase) -> Result<String, Failure> {
    act("release", &purchase)
}

/// Takes the money.
#[activity(name = "Pay")]
pub fn pay(purchase: Purchase) -> Result<String, Failure> {
    act("pay", &purchase)
}

/// Undoes `Pay`.
#[activity(name = "Refund")]
pub fn refund(purchase: Purchase) -> Result<String, Failure> {
    act("refund", &purchase)
}

/// Sends the goods: nothing undoes this.
#[activity(name = "Ship")]
pub fn ship(purchase: Purchase) -> Result<String, Failure> {
    act("ship", &purchase)
}

fn act(step: &str, purchase: &Purchase) -> Result<String, Failure> {
    if purchase.failing.iter().any(|failing| failing == step) {
        return Err(Failure::new("told-to-fail", format!("{step} was told to fail")));
    }
    Ok(step.to_owned())
}

/// What was done and undone, in order.
type Journal = Rc<RefCell<Vec<String>>>;

/// Reserves, pays and ships; if a step fails, undoes what was done. Returns what was done and undone,
/// in order.
#[workflow(name = "Saga")]
pub async fn purchase_saga(ctx: Context, purchase: Purchase) -> Result<Vec<String>, Failure> {
    let journal = Journal::default();
    let mut saga = Saga::new();
    if buy(&ctx, &mut saga, &journal, purchase).await.is_err() {
        saga.roll_back().await?;
    }
    Ok(journal.take())
}

async fn buy(
    ctx: &Context,
    saga: &mut Saga,
    journal: &Journal,
    purchase: Purchase,
) -> Result<(), Failure> {
    noted(journal.clone(), ctx.activity(reserve, purchase.clone())).await?;
    saga.undo_with(noted(journal.clone(), ctx.activity(release, purchase.clone())));

    noted(journal.clone(), ctx.activity(pay, purchase.clone())).await?;
    saga.undo_with(noted(journal.clone(), ctx.activity(refund, purchase.clone())));

    noted(journal.clone(), ctx.activity(ship, purchase)).await
}

/// Writes a step into the journal once it has succeeded.
async fn noted(
    journal: Journal,
    step: impl Future<Output = Result<String, Failure>>,
) -> Result<(), Failure> {
    let name = step.await?;
    journal.borrow_mut().push(name);
    Ok(())
}
