//! Owns how instances are listed and counted at a client's request: filters, pages and the token that
//! leads from one to the next.

use hyper::StatusCode;

use super::error::ApiError;
use super::request::Parameters;
use super::routes::Operation;
use super::wire::{self, Counts, Head, InstanceList};
use super::{Answer, times};
use crate::scheduler::modules::ANY_MODULE;
use crate::scheduler::{Cursor, Filter, Handle};
use crate::workflow::id::{InstanceId, InstanceNumber, Timestamp};

/// What the query of a listing may have.
const PARAMETERS: [&str; 10] = [
    "name",
    "status",
    "idPrefix",
    "createdFrom",
    "createdTo",
    "updatedFrom",
    "updatedTo",
    "moduleDigest",
    "limit",
    "after",
];
/// How much a page has unless the client says otherwise.
const LIMIT_DEFAULT: usize = 100;
/// The most it may have.
const LIMIT_MAX: usize = 1_000;

pub(super) async fn list(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    parameters.take_only(&PARAMETERS)?;
    let filter = filter(parameters)?;
    let limit = limit(parameters)?;
    let after = match parameters.query("after") {
        Some(token) => Some(cursor(token, filter.id_prefix.is_some())?),
        None => None,
    };
    let listed = handle.list(&filter, after, limit).await;
    let listed = listed.map_err(|error| ApiError::operation(Operation::List, "", error))?;
    let instances = listed.instances.iter().map(Head::new).collect();
    let next = listed.next.as_ref().map(token);
    Ok(wire::json(StatusCode::OK, &InstanceList { instances, next }))
}

pub(super) async fn counts(handle: &Handle, parameters: &Parameters) -> Result<Answer, ApiError> {
    parameters.take_only(&[])?;
    let counts = handle.counts().await;
    let counts = counts.map_err(|error| ApiError::operation(Operation::Counts, "", error))?;
    Ok(wire::json(StatusCode::OK, &Counts::new(&counts)))
}

/// Returns how much a page is to have.
pub(super) fn limit(parameters: &Parameters) -> Result<usize, ApiError> {
    let Some(text) = parameters.query("limit") else { return Ok(LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| {
        ApiError::malformed(format!("limit is '{text}': it takes a number from 1 to {LIMIT_MAX}"))
    })
}

fn filter(parameters: &Parameters) -> Result<Filter, ApiError> {
    let mut filter = Filter {
        module: Some(parameters.path("component"))
            .filter(|&name| name != ANY_MODULE)
            .map(str::to_owned),
        id_prefix: parameters.query("idPrefix").map(str::to_owned),
        ..by_label(parameters)?
    };
    for (parameter, time) in [
        ("createdFrom", &mut filter.created.start),
        ("createdTo", &mut filter.created.end),
        ("updatedFrom", &mut filter.updated.start),
        ("updatedTo", &mut filter.updated.end),
    ] {
        if let Some(text) = parameters.query(parameter) {
            *time = times::time(parameter, text)?;
        }
    }
    if let Some(text) = parameters.query("moduleDigest") {
        let invalid = |error| ApiError::malformed(format!("moduleDigest: {error}"));
        filter.digest = Some(text.parse().map_err(invalid)?);
    }
    Ok(filter)
}

/// Returns the part of a filter that names workflows and statuses.
pub(super) fn by_label(parameters: &Parameters) -> Result<Filter, ApiError> {
    let workflows = parameters.queries("name").map(str::to_owned).collect();
    let statuses = parameters.queries("status").map(|word| {
        wire::status(word).ok_or_else(|| {
            let known = wire::status_names().collect::<Vec<_>>().join(", ");
            ApiError::malformed(format!("status is '{word}': it takes one of {known}"))
        })
    });
    let statuses = statuses.collect::<Result<_, _>>()?;
    Ok(Filter { workflows, statuses, ..Filter::default() })
}

/// Writes down where a page goes on: one word that means nothing to a client.
fn token(cursor: &Cursor) -> String {
    match cursor {
        Cursor::Created { at, instance } => format!("c{:x}.{:x}", at.0, instance.0),
        Cursor::Id(id) => {
            let digits = id.as_str().bytes().map(|byte| format!("{byte:02x}"));
            format!("i{}", digits.collect::<String>())
        }
    }
}

/// Reads what [`token`] wrote, for a listing in the same order.
fn cursor(token: &str, by_id: bool) -> Result<Cursor, ApiError> {
    let parsed = match by_id {
        true => parse_id(token).map(Cursor::Id),
        false => parse_place(token),
    };
    parsed.ok_or_else(|| {
        ApiError::malformed(format!(
            "after is '{token}': it takes what an answer to the same query had as next"
        ))
    })
}

fn parse_place(token: &str) -> Option<Cursor> {
    let (at, instance) = token.strip_prefix('c')?.split_once('.')?;
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    Some(Cursor::Created {
        at: Timestamp(number(at)?),
        instance: InstanceNumber(number(instance)?),
    })
}

fn parse_id(token: &str) -> Option<InstanceId> {
    let digits = token.strip_prefix('i').filter(|digits| digits.is_ascii())?.as_bytes();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes = digits.chunks(2).map(byte).collect::<Option<Vec<_>>>()?;
    String::from_utf8(bytes).ok().map(|text| InstanceId::unchecked(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let place = Cursor::Created { at: Timestamp::MAX, instance: InstanceNumber(u64::MAX) };
        assert_eq!(cursor(&token(&place), false).ok(), Some(place.clone()));
        assert!(cursor(&token(&place), true).is_err(), "of a listing in another order");
        for id in ["a", "größe|:\0", ""] {
            let id = Cursor::Id(InstanceId::unchecked(id));
            assert_eq!(cursor(&token(&id), true).ok(), Some(id.clone()));
            assert!(cursor(&token(&id), false).is_err());
        }
        for wrong in [
            "",
            "c",
            "c1",
            "c1.",
            "c.1",
            "cx.1",
            "c1.2.3",
            "i1",
            "igg",
            "iff",
            "iöö",
            "c11111111111111111.1",
        ] {
            assert!(cursor(wrong, false).is_err() && cursor(wrong, true).is_err(), "{wrong}");
        }
    }
}
