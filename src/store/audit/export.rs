//! Exports of the audit log: read in one snapshot, one part at a time, so that the log may be larger than memory.
//!
//! An export (`audit export`, `POST /audit/export`) reads one snapshot a few thousand links at a time, and is an event
//! of the log (`audit.exported`, with filters and number of rows) before its first byte is given out. It refuses filter
//! names that do not exist. It also refuses a chain in which the link that the worker's last walk found broken does not
//! hold now, even if that link is older than the newest links, which it checks itself before it begins. The JSONL
//! format is described in `docs/audit-export.md` and verified line by line in [`latchkey_domain::audit::export`],
//! without a database; a CSV cannot be verified. The portal streams two exports at once at most, since each holds a
//! connection.

use super::{BrokenChain, Link, NotVerified, VERIFY_PAGE, head};
use crate::store::{Store, StoreError, begin, columns::time, desired, read::audit::AuditSearch};
use jiff::Timestamp;
use latchkey_domain::audit::{
    GENESIS, digest,
    export::{Filters, Header, cell, line},
    names::{ACTIONS, PROCESSES, is_action, nouns},
};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Every link, with the events that were asked for: it can be verified offline.
    Jsonl,
    /// The events that were asked for, for spreadsheets: it cannot be verified.
    Csv,
}

impl Format {
    /// Its name in forms and on the command line, which is also the file's extension.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Reads a form's or the command line's name for it.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Jsonl, Self::Csv].into_iter().find(|format| format.as_str() == text)
    }
}

/// An export in progress. It holds a connection and a snapshot until it is dropped.
#[derive(Debug)]
pub struct Export {
    tx: Transaction<'static, Postgres>,
    wanted: ResolvedFilter,
    format: Format,
    header: Header,
    /// Whether the first part was read.
    begun: bool,
    /// The last part was read.
    ended: bool,
    after: i64,
    last: i64,
    /// The hash of the link `after`.
    head: [u8; 32],
}

/// The filters with the ids that their names stand for.
#[derive(Debug)]
struct ResolvedFilter {
    actor: Option<String>,
    actor_id: Option<Uuid>,
    person: Option<Uuid>,
    clusters: Option<Vec<Uuid>>,
    action: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// A kind of filter that goes by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    Person,
    /// A person, or a process.
    Actor,
    Cluster,
    Action,
}

/// Every name that the log could have for it, without reading events.
///
/// # Errors
/// `Database`.
pub async fn names(store: &Store, named: FilterKind) -> Result<Vec<String>, StoreError> {
    let people = async || sqlx::query_scalar!("select handle from person").fetch_all(store.pool()).await;
    let ours = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let found = match named {
        FilterKind::Person => people().await?,
        FilterKind::Actor => [people().await?, ours(&PROCESSES)].concat(),
        FilterKind::Cluster => sqlx::query_scalar!("select distinct name from cluster").fetch_all(store.pool()).await?,
        FilterKind::Action => nouns().map(str::to_owned).chain(ours(ACTIONS)).collect(),
    };
    Ok(found)
}

/// Why an export did not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// Names among the filters that do not exist here: no event can match.
    #[error("filters have names that are not known")]
    Unknown(Vec<(FilterKind, String)>),
    #[error(transparent)]
    NotVerified(#[from] NotVerified),
}

impl From<StoreError> for NotBegun {
    fn from(error: StoreError) -> Self {
        Self::NotVerified(error.into())
    }
}

impl From<sqlx::Error> for NotBegun {
    fn from(error: sqlx::Error) -> Self {
        Self::NotVerified(error.into())
    }
}

impl Export {
    /// Opens a snapshot and counts what will be shown: the sealed events that match the filters. It checks the newest
    /// links, the result of the worker's last whole walk, and that no event was kept out of the chain, which no link
    /// shows. The older links are checked as they are read.
    ///
    /// # Errors
    /// `Unknown` before anything else is checked; `Broken` if the chain does not hold, as far as it was checked;
    /// `Store`.
    pub async fn begin(pool: &PgPool, wanted: &AuditSearch, format: Format) -> Result<Self, NotBegun> {
        let mut tx = begin::begin_with(pool, "begin isolation level repeatable read, read only").await?;
        // The client that reads an export may be slow, and so may the count of millions of events.
        sqlx::query!("set local statement_timeout = 0").execute(&mut *tx).await?;
        sqlx::query!("set local idle_in_transaction_session_timeout = '10min'").execute(&mut *tx).await?;
        let resolved = ResolvedFilter::of(&mut tx, wanted).await?;
        let resolved = resolved.map_err(NotBegun::Unknown)?;
        let (last, hash) = head(&mut tx).await?;
        is_whole(&mut tx, last).await?;
        let installation = desired::installation(&mut tx).await?;
        let to = i64::try_from(last).map_err(|error| StoreError::corrupt("audit_link", "seq", error))?;
        let row = sqlx::query!(
            r#"select clock_timestamp() as "now!", count(*) as "shown!" from audit_link l join event e on e.id = l.event_id
               where l.seq <= $1
                 and ($2::text is null or e.actor_id = $3 or (e.actor_id is null and e.actor = $2))
                 and ($4::uuid is null or e.person_id = $4)
                 and ($5::uuid[] is null or e.cluster_id = any($5))
                 and ($6::text is null or e.action = $6 or e.action like $6 || '.%')
                 and ($7::timestamptz is null or e.at >= $7)
                 and ($8::timestamptz is null or e.at < $8)"#,
            to,
            resolved.actor,
            resolved.actor_id,
            resolved.person,
            resolved.clusters.as_deref(),
            resolved.action,
            resolved.from.map(time) as _,
            resolved.until.map(time) as _,
        )
        .fetch_one(&mut *tx)
        .await?;
        let filters = Filters {
            actor: wanted.actor.clone(),
            person: wanted.person.clone(),
            cluster: wanted.cluster.clone(),
            action: wanted.action.clone(),
            from: wanted.from,
            to: wanted.until,
        };
        let shown = u64::try_from(row.shown).unwrap_or(0);
        let header = Header::new(installation, row.now.to_jiff(), filters, (last, hash), shown);
        Ok(Self { tx, wanted: resolved, format, header, begun: false, ended: false, after: 0, last: to, head: GENESIS })
    }

    /// The header: what the export contains.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next part; `None` once the export is complete.
    ///
    /// # Errors
    /// `Broken` if the chain lacks a link or event: what was given out before is an incomplete export. `Store`.
    pub async fn part(&mut self) -> Result<Option<String>, NotVerified> {
        if !self.begun {
            self.begun = true;
            return Ok(Some(match self.format {
                Format::Jsonl => self.header.line().map_err(|error| StoreError::Event(error.to_string()))?,
                Format::Csv => CSV_HEAD.to_owned(),
            }));
        }
        if self.after < self.last {
            return self.links().await.map(Some);
        }
        let ended = std::mem::replace(&mut self.ended, true);
        Ok(match self.format {
            Format::Csv if !ended => Some(csv_end(&self.header)),
            Format::Csv | Format::Jsonl => None,
        })
    }

    /// The next links. Each is checked together with the columns that the filters go by: a changed column would hide an
    /// event, and the export would verify all the same.
    async fn links(&mut self) -> Result<String, NotVerified> {
        let after = u64::try_from(self.after).unwrap_or(0);
        let mut links = super::page(&mut self.tx, after, VERIFY_PAGE).await?;
        links.retain(|link| link.seq <= self.last);
        let Some(through) = links.last().map(|link| link.seq) else {
            return Err(BrokenChain::at(after + 1, "it is missing").into());
        };
        let shown = self.shown(through).await?;
        let mut text = String::new();
        for (link, seq) in links.iter().zip(after + 1..) {
            let previous = self.head;
            let held = super::check(link, seq, &previous).map_err(|what| BrokenChain::at(seq, what))?;
            self.head = held.hash;
            let canonical = link.canonical.as_deref().unwrap_or_default();
            let names = shown.get(&link.seq);
            match (self.format, names) {
                (Format::Jsonl, _) => {
                    let event = names.map(|_| canonical);
                    text.push_str(&line(seq, &previous, &digest(canonical), &self.head, event));
                }
                (Format::Csv, Some(names)) => text.push_str(&row(link, held.unreadable.as_deref(), names)),
                (Format::Csv, None) => {}
            }
        }
        self.after = through;
        Ok(text)
    }

    /// Which of the next links match the filters, with the names of the people and clusters that they are about.
    async fn shown(&mut self, through: i64) -> Result<BTreeMap<i64, Names>, StoreError> {
        let wanted = &self.wanted;
        let rows = sqlx::query!(
            r#"select l.seq, p.handle as "person?", c.name as "cluster?"
               from audit_link l join event e on e.id = l.event_id
               left join person p on p.id = e.person_id
               left join cluster c on c.id = e.cluster_id
               where l.seq > $1 and l.seq <= $2
                 and ($3::text is null or e.actor_id = $4 or (e.actor_id is null and e.actor = $3))
                 and ($5::uuid is null or e.person_id = $5)
                 and ($6::uuid[] is null or e.cluster_id = any($6))
                 and ($7::text is null or e.action = $7 or e.action like $7 || '.%')
                 and ($8::timestamptz is null or e.at >= $8)
                 and ($9::timestamptz is null or e.at < $9)"#,
            self.after,
            through,
            wanted.actor,
            wanted.actor_id,
            wanted.person,
            wanted.clusters.as_deref(),
            wanted.action,
            wanted.from.map(time) as _,
            wanted.until.map(time) as _,
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(rows.into_iter().map(|row| (row.seq, Names { person: row.person, cluster: row.cluster })).collect())
    }
}

/// Checks that nothing is missing at the chain's end or beside it, that its newest links hold, and that the older link
/// that the worker's last whole walk found broken holds now, since otherwise the export would break off in the middle.
/// It looks at every event, as [`super::verify`] does; if one is missing, it walks all links to name the first place.
async fn is_whole(connection: &mut PgConnection, last: u64) -> Result<(), NotVerified> {
    super::was_not_longer(connection, last).await?;
    if let Some(broken) = super::walk::still_broken(connection).await? {
        return Err(broken.into());
    }
    if let Some(broken) = super::broken_among_newest(connection, VERIFY_PAGE).await? {
        return Err(broken.into());
    }
    let newest = super::unsealed::newest(connection).await?;
    match super::unsealed::count(connection, last, newest).await {
        Ok(_) => Ok(()),
        Err(NotVerified::Broken(_)) => super::verify_in(connection, |_| {}).await.map(|_| ()),
        Err(error) => Err(error),
    }
}

/// The person and the cluster that an event is about, by their current names.
#[derive(Debug)]
struct Names {
    person: Option<String>,
    cluster: Option<String>,
}

/// A row for a spreadsheet. If the event cannot be read, its detail says why.
fn row(link: &Link, unreadable: Option<&str>, names: &Names) -> String {
    let canonical = link.canonical.as_deref().unwrap_or_default();
    let written: serde_json::Value = serde_json::from_slice(canonical).unwrap_or_default();
    let detail = match unreadable {
        Some(why) => format!("this event cannot be read: {why}; an export as JSONL has its bytes"),
        None => written.get("detail").map(ToString::to_string).unwrap_or_default(),
    };
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let cells = [
        link.seq.to_string(),
        link.at.map(|at| at.to_jiff().to_string()).unwrap_or_default(),
        link.action.clone().unwrap_or_default(),
        link.actor.clone().unwrap_or_default(),
        names.person.clone().unwrap_or_default(),
        names.cluster.clone().unwrap_or_default(),
        id(link.request_id),
        id(link.grant_id),
        detail,
        link.event_id.to_string(),
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

/// The first line of a CSV.
pub const CSV_HEAD: &str = "seq,at,action,actor,person,cluster,request,grant,detail,event\r\n";

/// The last line of a CSV: without it, the file was cut. JSONL needs none, since its header has all of this.
fn csv_end(header: &Header) -> String {
    let Header { shown, last, head, .. } = header;
    let whole = format!("whole: {shown} events of {last} links, the last is {head}");
    let mut cells = [""; 10].map(str::to_owned);
    (cells[0], cells[8]) = ("end".to_owned(), whole);
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

impl ResolvedFilter {
    /// The inner error lists the names that do not exist. A cluster that was dropped, or is gone, still has its name.
    /// An action that this version does not know may be one of a later version that runs beside it.
    async fn of(
        tx: &mut Transaction<'static, Postgres>,
        wanted: &AuditSearch,
    ) -> Result<Result<Self, Vec<(FilterKind, String)>>, StoreError> {
        let row = sqlx::query!(
            r#"select (select id from person where handle = $1) as actor, (select id from person where handle = $2) as person,
                 array(select id from cluster where name = $3) as "clusters!",
                 exists (select from event where action = $4) as "has_happened!""#,
            wanted.actor,
            wanted.person,
            wanted.cluster,
            wanted.action,
        )
        .fetch_one(&mut **tx)
        .await?;
        let is_process = wanted.actor.as_deref().is_some_and(|name| PROCESSES.contains(&name));
        let is_action = wanted.action.as_deref().is_some_and(is_action);
        let known = [
            (FilterKind::Actor, &wanted.actor, row.actor.is_some() || is_process),
            (FilterKind::Person, &wanted.person, row.person.is_some()),
            (FilterKind::Cluster, &wanted.cluster, !row.clusters.is_empty()),
            (FilterKind::Action, &wanted.action, is_action || row.has_happened),
        ];
        let unknown = known.into_iter().filter(|(_, _, is_known)| !is_known);
        let unknown: Vec<_> = unknown.filter_map(|(named, name, _)| Some((named, name.clone()?))).collect();
        if !unknown.is_empty() {
            return Ok(Err(unknown));
        }
        Ok(Ok(Self {
            actor: wanted.actor.clone(),
            actor_id: row.actor,
            person: row.person,
            clusters: wanted.cluster.as_ref().map(|_| row.clusters),
            action: wanted.action.clone(),
            from: wanted.from,
            until: wanted.until,
        }))
    }
}
