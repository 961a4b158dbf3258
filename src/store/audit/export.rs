//! Exports of the audit log: read in one snapshot, a part at a time, so that the log may be larger than memory.

use super::{Broken, NotVerified, head};
use crate::store::{
    StoreError, desired,
    read::audit::Wanted,
    requests::{hash32, time},
};
use jiff::Timestamp;
use latchkey_domain::audit::{
    GENESIS,
    export::{Filters, Header, cell, line},
};
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

/// Links read at once: their events fit into memory however large.
const PAGE: i64 = 1_000;

/// What an export looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Every link, with the events that were asked for: it verifies offline.
    Jsonl,
    /// The events that were asked for, for spreadsheets: nothing can be verified by it.
    Csv,
}

impl Format {
    /// As forms and the command line have it: also the ending of a file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// From a form or the command line.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Jsonl, Self::Csv].into_iter().find(|format| format.as_str() == text)
    }
}

/// An export under way. It holds a connection and a snapshot until it is dropped.
#[derive(Debug)]
pub struct Export {
    tx: Transaction<'static, Postgres>,
    wanted: Resolved,
    format: Format,
    header: Header,
    /// The first part was read.
    begun: bool,
    after: i64,
    last: i64,
    /// Links that were checked, and the hash of the last of them.
    checked: u64,
    head: [u8; 32],
}

/// The filters with the ids that their names stand for; an id of nothing where nobody has the name.
#[derive(Debug)]
struct Resolved {
    actor: Option<String>,
    actor_id: Option<Uuid>,
    person: Option<Uuid>,
    clusters: Option<Vec<Uuid>>,
    action: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Export {
    /// Opens a snapshot and counts what will be shown: the sealed events that the filters take.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub async fn begin(pool: &PgPool, wanted: &Wanted, format: Format) -> Result<Self, StoreError> {
        let mut tx = pool.begin_with("begin isolation level repeatable read, read only").await?;
        // The reader of an export may be slow, and so may the count of millions of events.
        sqlx::query!("set local statement_timeout = 0").execute(&mut *tx).await?;
        sqlx::query!("set local idle_in_transaction_session_timeout = '10min'").execute(&mut *tx).await?;
        let resolved = Resolved::of(&mut tx, wanted).await?;
        let (last, hash) = head(&mut tx).await?;
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
        Ok(Self { tx, wanted: resolved, format, header, begun: false, after: 0, last: to, checked: 0, head: GENESIS })
    }

    /// What it is an export of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next part of it; nothing once it is whole.
    ///
    /// # Errors
    /// `Broken` where the chain has no such link or event: what was given before is no whole export. `Store`.
    pub async fn part(&mut self) -> Result<Option<String>, NotVerified> {
        if !self.begun {
            self.begun = true;
            if self.format == Format::Csv {
                self.check(self.last).await?;
            }
            return Ok(Some(match self.format {
                Format::Jsonl => self.header.line().map_err(|error| StoreError::Event(error.to_string()))?,
                Format::Csv => CSV_HEAD.to_owned(),
            }));
        }
        if self.after >= self.last {
            return Ok(None);
        }
        match self.format {
            Format::Jsonl => self.links().await.map(Some),
            Format::Csv => Ok(self.rows().await?),
        }
    }

    /// Checks the chain up to a link, with the columns that the filters go by: a changed one would hide an event, and
    /// what is written would verify all the same.
    async fn check(&mut self, through: i64) -> Result<(), NotVerified> {
        let through = u64::try_from(through).unwrap_or(0);
        while self.checked < through {
            let links = super::page(&mut self.tx, self.checked).await?;
            if links.is_empty() {
                return Err(Broken { seq: self.checked + 1, what: "it is missing".to_owned() }.into());
            }
            for link in &links {
                let seq = self.checked + 1;
                self.head = super::check(link, seq, &self.head).map_err(|what| Broken { seq, what })?;
                self.checked = seq;
            }
        }
        Ok(())
    }

    async fn links(&mut self) -> Result<String, NotVerified> {
        let wanted = &self.wanted;
        let rows = sqlx::query!(
            r#"select l.seq, l.previous, l.hash, sha256(e.canonical) as digest,
                 case when ($4::text is null or e.actor_id = $5 or (e.actor_id is null and e.actor = $4))
                   and ($6::uuid is null or e.person_id = $6)
                   and ($7::uuid[] is null or e.cluster_id = any($7))
                   and ($8::text is null or e.action = $8 or e.action like $8 || '.%')
                   and ($9::timestamptz is null or e.at >= $9)
                   and ($10::timestamptz is null or e.at < $10) then e.canonical end as canonical
               from audit_link l left join event e on e.id = l.event_id
               where l.seq > $1 and l.seq <= $2 order by l.seq limit $3"#,
            self.after,
            self.last,
            PAGE,
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
        let mut lines = String::new();
        for row in &rows {
            let seq = u64::try_from(self.after + 1).unwrap_or(0);
            let broken = |what: &str| Broken { seq, what: what.to_owned() };
            if row.seq != self.after + 1 {
                return Err(broken("it is missing").into());
            }
            let digest = row.digest.as_ref().ok_or_else(|| broken("its event is missing"))?;
            let canonical = match row.canonical.as_deref().map(std::str::from_utf8) {
                Some(Err(_)) => return Err(broken("the bytes of its event are no text").into()),
                Some(Ok(text)) => Some(text),
                None => None,
            };
            let previous = hash32("audit_link", "previous", &row.previous)?;
            let (digest, hash) = (hash32("event", "canonical", digest)?, hash32("audit_link", "hash", &row.hash)?);
            lines.push_str(&line(seq, &previous, &digest, &hash, canonical));
            self.after = row.seq;
        }
        if rows.is_empty() {
            let seq = u64::try_from(self.after + 1).unwrap_or(0);
            return Err(Broken { seq, what: "it is missing".to_owned() }.into());
        }
        self.check(self.after).await?;
        Ok(lines)
    }

    async fn rows(&mut self) -> Result<Option<String>, StoreError> {
        let wanted = &self.wanted;
        let rows = sqlx::query!(
            r#"select l.seq, e.id, e.at, e.action, e.actor, p.handle as "person?", c.name as "cluster?", e.request_id,
                 e.grant_id, e.canonical
               from audit_link l join event e on e.id = l.event_id
               left join person p on p.id = e.person_id
               left join cluster c on c.id = e.cluster_id
               where l.seq > $1 and l.seq <= $2
                 and ($4::text is null or e.actor_id = $5 or (e.actor_id is null and e.actor = $4))
                 and ($6::uuid is null or e.person_id = $6)
                 and ($7::uuid[] is null or e.cluster_id = any($7))
                 and ($8::text is null or e.action = $8 or e.action like $8 || '.%')
                 and ($9::timestamptz is null or e.at >= $9)
                 and ($10::timestamptz is null or e.at < $10)
               order by l.seq limit $3"#,
            self.after,
            self.last,
            PAGE,
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
        let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let mut text = String::new();
        for row in &rows {
            let canonical: serde_json::Value = serde_json::from_slice(&row.canonical).unwrap_or_default();
            let detail = canonical.get("detail").map(ToString::to_string).unwrap_or_default();
            let cells = [
                row.seq.to_string(),
                row.at.to_jiff().to_string(),
                row.action.clone(),
                row.actor.clone(),
                row.person.clone().unwrap_or_default(),
                row.cluster.clone().unwrap_or_default(),
                id(row.request_id),
                id(row.grant_id),
                detail,
                row.id.to_string(),
            ];
            text.push_str(&cells.map(|text| cell(&text)).join(","));
            text.push_str("\r\n");
        }
        self.after = rows.last().map_or(self.last, |row| row.seq);
        Ok((!rows.is_empty()).then_some(text))
    }
}

const CSV_HEAD: &str = "seq,at,action,actor,person,cluster,request,grant,detail,event\r\n";

impl Resolved {
    async fn of(tx: &mut Transaction<'static, Postgres>, wanted: &Wanted) -> Result<Self, StoreError> {
        let row = sqlx::query!(
            r#"select (select id from person where handle = $1) as actor, (select id from person where handle = $2) as person,
                 array(select id from cluster where name = $3) as "clusters!""#,
            wanted.actor,
            wanted.person,
            wanted.cluster,
        )
        .fetch_one(&mut **tx)
        .await?;
        Ok(Self {
            actor: wanted.actor.clone(),
            actor_id: row.actor,
            person: wanted.person.as_ref().map(|_| row.person.unwrap_or_default()),
            clusters: wanted.cluster.as_ref().map(|_| row.clusters),
            action: wanted.action.clone(),
            from: wanted.from,
            until: wanted.until,
        })
    }
}
