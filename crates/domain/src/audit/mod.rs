//! Audit events: their canonical bytes, and the hash chain over them.
//!
//! `hash = SHA-256(domain || seq as 8 bytes, big-endian || previous hash || SHA-256(canonical bytes))`, so that an
//! export of one person's events can carry stubs (hashes of canonical bytes) for the rest and still verify.
//!
//! The business transaction records an event by `record_event(bytes)`, the only way into `event`: RFC 8785 canonical
//! JSON, 64 KiB at most. The function parses the bytes and fills the columns to search by from them, so that they never
//! differ. It refuses bytes that are not an event (not an object, a field twice, ids, times or actions in another
//! form), an event that does not happen now, a person who is not known, and a process as actor unless the role is that
//! process's. It does not make the canonical form.

pub mod change;
mod cut;
pub mod event;
pub mod export;
pub mod names;

use crate::access::{ClusterId, EventDraft, EventId, GrantId, PersonId, RequestId, transition::Actor};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// Separates this chain's hashes from every other use of SHA-256.
pub const CHAIN_DOMAIN: &[u8] = b"latchkey audit chain 1\0";

/// The previous hash of the first link.
pub const GENESIS: [u8; 32] = [0; 32];

/// The largest event, in canonical bytes. A larger one is cut.
pub const EVENT_LIMIT_BYTES: usize = 65_536;

/// Where a chain does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainPlace {
    /// This link is wrong, or missing.
    At(u64),
    /// All links up to this one, the last, are right; the links that belong after it are missing.
    After(u64),
}

impl ChainPlace {
    /// The link that it names.
    pub fn link(self) -> u64 {
        match self {
            Self::At(link) | Self::After(link) => link,
        }
    }
}

impl fmt::Display for ChainPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(link) => write!(f, "at link {link}"),
            Self::After(link) => write!(f, "after link {link}"),
        }
    }
}

/// Why an event has no canonical bytes.
#[derive(Debug, thiserror::Error)]
#[error("the event is not JSON: {0}")]
pub struct NotCanonical(#[from] serde_json::Error);

/// The event as RFC 8785 canonical JSON: what is stored, shown and hashed. It never has more than
/// [`EVENT_LIMIT_BYTES`]: lists, texts and objects that are too long are cut, and say what is missing.
///
/// # Errors
/// `NotCanonical` if a detail is not JSON (a number that is not finite); never because of size.
pub fn canonical(id: EventId, at: Timestamp, event: &EventDraft) -> Result<Vec<u8>, NotCanonical> {
    let mut fields = fields(event)?;
    fields.insert("id".into(), serde_json::to_value(id)?);
    fields.insert("at".into(), at.to_string().into());
    Ok(cut::cut(&fields)?)
}

/// Whether stored bytes are those of this event, except for its id and time.
pub fn is_same(event: &EventDraft, canonical: &[u8]) -> bool {
    let stored: Option<Map<String, Value>> = serde_json::from_slice(canonical).ok();
    let Some(stored) = stored else { return false };
    let (Some(id), Some(at)) = (stored.get("id"), stored.get("at")) else { return false };
    let Ok(mut fields) = fields(event) else { return false };
    fields.insert("id".into(), id.clone());
    fields.insert("at".into(), at.clone());
    cut::cut(&fields).is_ok_and(|bytes| bytes == canonical)
}

fn fields(event: &EventDraft) -> serde_json::Result<Map<String, Value>> {
    let mut value = serde_json::to_value(event)?;
    let mut fields = value.as_object_mut().map(std::mem::take).unwrap_or_default();
    fields.retain(|_, field| !field.is_null());
    Ok(fields)
}

/// An event as read from its bytes, with the fields that it is searched and listed by.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct WrittenEvent {
    pub id: EventId,
    pub at: Timestamp,
    pub action: String,
    pub actor: Actor,
    pub person: Option<PersonId>,
    pub cluster: Option<ClusterId>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
}

impl WrittenEvent {
    /// Reads an event's bytes.
    ///
    /// # Errors
    /// `UnreadableEvent` if they are not an audit event that this version knows. The sealed bytes are still what was
    /// written: such an event says nothing, and does not break the chain.
    pub fn read(canonical: &[u8]) -> Result<Self, UnreadableEvent> {
        Ok(serde_json::from_slice(canonical)?)
    }
}

/// Why an event's bytes cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("its bytes are not an audit event: {0}")]
pub struct UnreadableEvent(#[from] serde_json::Error);

/// Links that verify over events that cannot be read: how many, and the first of them with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadableLinks {
    pub count: u64,
    pub first: Vec<(u64, String)>,
}

/// How many of them are named: a person has to look at each, and the first ones show what the problem is.
const NAMED: usize = 20;

impl UnreadableLinks {
    /// Adds one.
    pub fn add(&mut self, link: u64, why: impl Into<String>) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push((link, why.into()));
        }
    }
}

/// A sentence for each that is named: "the event of link 7 cannot be read (why); its hash holds".
impl fmt::Display for UnreadableLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (link, why)) in self.first.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}the event of link {link} cannot be read ({why}); its hash holds")?;
        }
        let named = u64::try_from(self.first.len()).unwrap_or(u64::MAX);
        if self.count > named { write!(f, "\n{} more events cannot be read", self.count - named) } else { Ok(()) }
    }
}

/// The hash of an event's canonical bytes: what a stub in an export carries in their place.
pub fn digest(canonical: &[u8]) -> [u8; 32] {
    Sha256::digest(canonical).into()
}

/// The hash of the link `seq` (the first is 1) over an event with this digest.
pub fn link(seq: u64, previous: &[u8; 32], digest: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(CHAIN_DOMAIN);
    hash.update(seq.to_be_bytes());
    hash.update(previous);
    hash.update(digest);
    hash.finalize().into()
}
