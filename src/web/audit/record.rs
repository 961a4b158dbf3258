//! One record of the audit log, with its place in the chain.

use super::{AuditRow, Chain, LastCheck};
use crate::{
    store::{
        self,
        read::audit::{self, ChainWalks, LinkRow, Record, RecordKey},
    },
    web::{
        Failure, SignedIn, State,
        html::Html,
        icon::Icon,
        layout::{self, Layout},
        look::{Pill, Tone},
    },
    words,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State as Extract},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::{
    access::EventId,
    audit::{WrittenEvent, digest, link},
};

/// See the module.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "audit/record.html")]
pub struct RecordPage {
    pub layout: Layout,
    pub title: String,
    pub row: AuditRow,
    pub pill: Pill,
    /// What is wrong with the record, or that it is not linked yet.
    pub notice: Option<Html>,
    pub about: Vec<(&'static str, String, Option<String>)>,
    pub pretty: String,
    /// The stored bytes as text, if they are text.
    pub stored: String,
    pub bytes: usize,
    pub digest: String,
    pub link: Option<ShownLink>,
    pub checked: LastCheck,
}

/// Its place in the chain.
#[derive(Debug, Clone)]
pub struct ShownLink {
    pub seq: i64,
    pub hash: String,
    pub previous: String,
    pub before: Option<String>,
    pub next: Option<String>,
}

/// `GET /audit/{seq}`, and `/audit/{event}` for an event without a link: 404 for everyone except auditors.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Path(place): Path<String>,
) -> Result<Response, Failure> {
    signed_in.auditor()?;
    let found = match (place.parse::<i64>(), place.parse::<EventId>()) {
        (Ok(seq), _) if seq > 0 => RecordKey::Link(seq),
        (_, Ok(event)) => RecordKey::Event(event),
        _ => return Err(Failure::NotFound),
    };
    let record = audit::record(&state.store, found).await?.ok_or(Failure::NotFound)?;
    if let (RecordKey::Event(_), Some(link)) = (found, &record.link) {
        return Ok(Redirect::to(&format!("/audit/{}", link.seq)).into_response());
    }
    let checked = audit::checked(&state.store).await?;
    let lag = store::audit::lag(state.store.pool()).await?;
    let differing = match &record.link {
        Some(link) => store::audit::differing(&state.store, link.seq).await?,
        None => None,
    };
    Ok(RecordPage::new(&signed_in, &record, differing.as_deref(), &checked, lag).into_response())
}

/// What is wrong with a link itself or with its reference to the link before it.
fn wrong(record: &Record, link: &LinkRow) -> Option<&'static str> {
    let seq = u64::try_from(link.seq).unwrap_or(0);
    let (Ok(previous), Ok(hash)) = (<[u8; 32]>::try_from(&*link.previous), <[u8; 32]>::try_from(&*link.hash)) else {
        return Some("Its hashes are not as long as hashes are.");
    };
    let before: Option<&[u8]> = if seq == 1 { Some(&latchkey_domain::audit::GENESIS) } else { link.before.as_deref() };
    if before != Some(&previous[..]) {
        return Some("It does not follow the link before it: a link was changed or removed.");
    }
    let computed = self::link(seq, &previous, &digest(&record.canonical));
    (computed != hash).then_some("Its hash is not that of these bytes: the record or the link was changed.")
}

impl RecordPage {
    fn new(
        signed_in: &SignedIn,
        record: &Record,
        differing: Option<&str>,
        checked: &ChainWalks,
        lag: store::audit::Lag,
    ) -> Self {
        let clock = &signed_in.clock;
        let row = AuditRow::of(&record.event, clock);
        let differs = |column| {
            format!("Its column `{column}`, which lists and filters go by, is not what its bytes say: it was changed.")
        };
        let wrong = record.link.as_ref().and_then(|link| wrong(record, link)).map(str::to_owned);
        let wrong = wrong.or_else(|| differing.map(differs));
        let (pill, notice) = match (&record.link, wrong) {
            (_, Some(wrong)) => (Pill::new(Tone::Danger, Icon::CircleX, "Does not hold"), Some(Html::prose(&wrong))),
            (Some(_), None) => {
                let unreadable =
                    WrittenEvent::read(&record.canonical).err().map(|why| words::audit::unreadable_event(&why));
                (Pill::new(Tone::Good, Icon::Link, "Link holds"), unreadable.map(|text| Html::prose(&text)))
            }
            (None, None) if record.event.waits => {
                let chain = Chain::of(None, lag, checked, clock);
                let text = words::audit::not_sealed(chain.unsealed);
                (Pill::new(Tone::Needs, Icon::Hourglass, "Not sealed yet"), Some(Html::prose(&text)))
            }
            (None, None) => {
                let text = "It has no link and does not wait for one: it was kept from being sealed.";
                (Pill::new(Tone::Danger, Icon::CircleX, "Not sealed"), Some(Html::prose(text)))
            }
        };
        let title = record.link.as_ref().map_or_else(|| "Record".to_owned(), |link| format!("Record {}", link.seq));
        let text = String::from_utf8_lossy(&record.canonical).into_owned();
        let pretty = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| serde_json::to_string_pretty(&value).ok());
        Self {
            layout: signed_in.layout(layout::NavItem::Audit, title.clone()),
            title,
            row,
            pill,
            notice,
            about: about(record),
            pretty: pretty.unwrap_or_else(|| text.clone()),
            stored: text,
            bytes: record.canonical.len(),
            digest: hex::encode(digest(&record.canonical)),
            link: record.link.as_ref().map(|link| ShownLink {
                seq: link.seq,
                hash: hex::encode(&link.hash),
                previous: hex::encode(&link.previous),
                before: (link.seq > 1).then(|| format!("/audit/{}", link.seq - 1)),
                next: link.has_next.then(|| format!("/audit/{}", link.seq + 1)),
            }),
            checked: LastCheck::of(checked, clock),
        }
    }
}

/// What the record is about, with the addresses of the pages about it.
fn about(record: &Record) -> Vec<(&'static str, String, Option<String>)> {
    let event = &record.event;
    let mut about = vec![("By", event.actor_name.clone().unwrap_or_else(|| event.actor.clone()), None)];
    if let Some(name) = &event.person_name {
        about.push(("Concerns", name.clone(), event.person.as_ref().map(|handle| format!("/audit?person={handle}"))));
    }
    if let (Some(name), Some(id)) = (&event.cluster, record.cluster_id) {
        about.push(("Cluster", name.clone(), Some(format!("/clusters/{id}"))));
    }
    if let Some(id) = event.request {
        about.push(("Request", "open it".to_owned(), Some(format!("/requests/{id}"))));
    }
    if let Some(id) = event.grant {
        about.push(("Access", "open it".to_owned(), Some(format!("/grants/{id}"))));
    }
    about
}

#[cfg(test)]
impl RecordPage {
    /// A record that verifies, one that was changed, one that waits for its link.
    pub fn samples() -> Vec<(&'static str, Self)> {
        use crate::store::read::audit::EventRow;
        use latchkey_domain::{
            access::{ClusterId, GrantId, RequestId},
            audit as chain,
        };
        use uuid::Uuid;
        let eli = crate::web::samples::signed_in("Eli Navarro");
        let id = |number: u128| Uuid::from_u128(number);
        let at: jiff::Timestamp = "2026-11-24T14:02:10Z".parse().unwrap();
        let detail = serde_json::json!({ "cause": "revoked", "reason": "The incident is over." });
        let written = serde_json::json!({ "action": "grant.revoking", "actor": { "person": { "handle": "ben",
            "id": id(5) } }, "at": at, "cluster": id(2), "detail": detail, "grant": id(8), "id": id(6),
            "person": id(4), "request": id(9) });
        let canonical = serde_json::to_vec(&written).unwrap();
        let before = [7_u8; 32];
        let hash = link(4_216, &before, &digest(&canonical));
        let event = EventRow {
            id: EventId(id(6)),
            at,
            action: "grant.revoking".to_owned(),
            actor: "ben".to_owned(),
            actor_name: Some("Ben Okafor".to_owned()),
            person_name: Some("Ana Petrova".to_owned()),
            person: Some("ana".to_owned()),
            cluster: Some("prod-eu".to_owned()),
            request: Some(RequestId(id(9))),
            grant: Some(GrantId(id(8))),
            detail,
            seq: Some(4_216),
            waits: false,
        };
        let row = LinkRow {
            seq: 4_216,
            previous: before.to_vec(),
            hash: hash.to_vec(),
            before: Some(before.to_vec()),
            has_next: true,
        };
        let sealed = Record { event, cluster_id: Some(ClusterId(id(2))), canonical, link: Some(row.clone()) };
        let changed = Record { link: Some(LinkRow { previous: vec![8; 32], ..row }), ..sealed.clone() };
        let waiting = Record {
            event: audit::EventRow { seq: None, waits: true, ..sealed.event.clone() },
            link: None,
            ..sealed.clone()
        };
        let verified =
            ChainWalks { verified: Some(("2026-11-24T12:02:00Z".parse().unwrap(), 4_102)), ..ChainWalks::default() };
        let broken = ChainWalks {
            broken: Some((
                "2026-11-24T14:30:00Z".parse().unwrap(),
                chain::ChainPlace::At(4_216),
                "it does not follow the link before it".into(),
            )),
            walking: Some(1_800),
            ..verified.clone()
        };
        let lag = store::audit::Lag { events: 2, oldest: Some(at) };
        vec![
            ("audit-record", Self::new(&eli, &sealed, None, &verified, lag)),
            ("audit-record-changed", Self::new(&eli, &changed, None, &broken, lag)),
            ("audit-record-columns", Self::new(&eli, &sealed, Some("person_id"), &verified, lag)),
            ("audit-record-waiting", Self::new(&eli, &waiting, None, &ChainWalks::default(), lag)),
        ]
    }
}
