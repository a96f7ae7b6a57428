//! What goes in and out, as JSON in camel case.

use serde::{Deserialize, Serialize};

/// What a customer wants.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// What is ordered.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// In dollars.
    pub total_cost: f64,
    /// How long a manager may take to approve; an hour, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_timeout_ms: Option<u64>,
}

/// What becomes of an order.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderResult {
    /// Whether it was carried out.
    pub processed: bool,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl OrderResult {
    pub fn processed() -> Self {
        Self { processed: true, reason: None }
    }

    pub fn rejected(reason: impl Into<String>) -> Self {
        Self { processed: false, reason: Some(reason.into()) }
    }
}

/// The payload of the event `ManagerApproval`: `{"approved":true}`, or just `true`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Approval {
    Object { approved: bool },
    Bare(bool),
}

impl Approval {
    pub fn is_granted(&self) -> bool {
        match *self {
            Self::Object { approved } | Self::Bare(approved) => approved,
        }
    }
}

/// A number of pieces of something.
#[derive(Debug, Serialize, Deserialize)]
pub struct Items {
    pub name: String,
    pub quantity: u32,
}

impl From<&Order> for Items {
    fn from(order: &Order) -> Self {
        Self { name: order.name.clone(), quantity: order.quantity }
    }
}

/// The answer to a reservation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    pub reserved: bool,
    /// How many pieces there were.
    pub in_stock: u32,
}

/// What to do with items that are reserved.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InventoryUpdate {
    /// They leave the stock.
    Ship(Items),
    /// They are there for others again.
    Release(Items),
}

/// What a customer has to pay.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    pub order_id: String,
    /// In dollars.
    pub amount: f64,
}

/// What is looked for, and whom to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inquiry {
    pub item: String,
    pub suppliers: Vec<String>,
    /// How long the suppliers may take to answer; half a minute, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What one supplier is asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct QuoteRequest {
    pub item: String,
    pub supplier: String,
}

/// What a supplier wants for an item.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub supplier: String,
    /// In whole dollars.
    pub price: u64,
}

/// What comes of an inquiry.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BestOffer {
    /// The lowest offer, if there was one.
    pub best: Option<Offer>,
    /// Who doesn't sell to us.
    pub declined: Vec<String>,
    /// Who did not answer in time.
    pub late: Vec<String>,
}
