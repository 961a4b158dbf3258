//! Readings: how far the worker has read every identity that a cluster lets in, and what it found.
//!
//! An operator asks for a reading; runs on the cluster go on with it, some ARNs at each. To ask again while it is under
//! way changes nothing for it: the next one begins once it has ended. What an earlier reading found stays, and is shown
//! with its time, until a later one has read everything.

use super::{
    Store, StoreError, Tx,
    columns::{blocker, kept, parsed, to_json},
    targets::LockedTarget,
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{ClusterId, blocker::Blocker},
    plan::{
        observation::{AccessEntry, EntryDetails},
        reading::{ReadEntry, ReadingProgress},
    },
};
use sqlx::PgConnection;
use std::time::Duration;

/// The most bytes that are kept of a cluster's entries, as JSON.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;

/// A longer entry is kept by its ARN alone. EKS's own limits are below it.
const LONGEST_ENTRY_BYTES: usize = 256 * 1024;

/// The most bytes of entries that a page reads: twice what is kept, while one reading replaces another.
const MOST_SHOWN_BYTES: i64 = 10 * 1024 * 1024;

/// A reading that is to begin or to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReading {
    /// The last ARN that was read, in lower case; `None` if it is to begin.
    pub read_to: Option<String>,
    /// What is kept of it so far.
    pub bytes: usize,
    /// How long it has to wait, since the one before began a moment ago.
    pub waits: Option<Duration>,
}

/// The shortest time between the begins of two readings, whoever asks: each is many calls.
const APART: Duration = Duration::from_mins(1);

/// The most users of aws-auth that are named as gone. Their ARNs are up to 700 characters.
const MOST_GONE: i32 = 300;

/// What one run read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadPart {
    /// The last ARN that was read, in lower case; `None` if there was none.
    pub read_to: Option<String>,
    /// How many were read.
    pub read: usize,
    pub entries: Vec<AccessEntry>,
    /// The users of aws-auth that IAM does not have.
    pub gone: Vec<String>,
    /// How many of them could not be looked up.
    pub unknown: usize,
    /// How the reading is over, if it is.
    pub ends: Option<ReadingEnd>,
}

/// How a reading ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadingEnd {
    /// All of them were asked about.
    All,
    /// The worker may not go on, for this reason.
    Refused(Box<Blocker>),
    /// The rest is too much to keep.
    TooMuch,
}

impl Tx {
    /// Records that an operator asks for a reading of a cluster. If one is under way, another begins after it.
    ///
    /// # Errors
    /// `Database`.
    pub async fn ask_reading(&mut self, cluster: ClusterId) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into entry_reading (cluster_id, asked_at) values ($1, clock_timestamp())
             on conflict (cluster_id) do update set asked_at = clock_timestamp()",
            cluster.0
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// The reading of a cluster that a run has to begin or to go on with, if there is one.
///
/// # Errors
/// `Database`.
pub async fn open(connection: &mut PgConnection, cluster: ClusterId) -> Result<Option<OpenReading>, StoreError> {
    let row = sqlx::query!(
        r#"select read_to, bytes, (began_at is null or ended_at is not null) as "begins!",
             greatest(extract(epoch from began_at + make_interval(secs => $2) - clock_timestamp()), 0)::float8 as rest
           from entry_reading where cluster_id = $1 and (ended_at is null or asked_at > began_at)"#,
        cluster.0,
        APART.as_secs_f64()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| OpenReading {
        read_to: (!row.begins).then_some(row.read_to),
        bytes: if row.begins { 0 } else { usize::try_from(row.bytes).unwrap_or(MOST_BYTES) },
        waits: row
            .rest
            .filter(|rest| row.begins && *rest > 0.0)
            .and_then(|rest| Duration::try_from_secs_f64(rest).ok()),
    }))
}

impl LockedTarget {
    /// Records that a run goes on with a reading; `begins` is how many there are in all, if it begins. Returns whether it
    /// may: not while another session has the row locked, since what was read could not be kept.
    ///
    /// # Errors
    /// `Database`.
    pub async fn take_reading(&mut self, begins: Option<usize>) -> Result<bool, StoreError> {
        let cluster = self.target().key();
        let free = sqlx::query_scalar!(
            "select cluster_id from entry_reading where cluster_id = $1 for no key update skip locked",
            cluster
        );
        if free.fetch_optional(self.connection()).await?.is_none() {
            return Ok(false);
        }
        if let Some(found) = begins {
            sqlx::query!(
                "update entry_reading set began_at = clock_timestamp(), read_to = '', found = $2, read = 0, bytes = 0,
                   found_gone = '{}', unknown = 0, why = null, cut = false, ended_at = null where cluster_id = $1",
                cluster,
                count(found)
            )
            .execute(self.connection())
            .await?;
        }
        Ok(true)
    }

    /// Keeps what the run read, and where the next one goes on. Once all of it was read, what earlier ones found goes.
    /// Returns whether it did: what another session has locked is left to a later run.
    ///
    /// # Errors
    /// `Database`.
    pub async fn keep_reading(&mut self, part: &ReadPart) -> Result<bool, StoreError> {
        if !self.take_reading(None).await? {
            return Ok(false);
        }
        let cluster = self.target().key();
        let bytes = self.keep_entries(&part.entries).await?;
        let why = match &part.ends {
            Some(ReadingEnd::Refused(why)) => Some(to_json(why)?),
            Some(ReadingEnd::All | ReadingEnd::TooMuch) | None => None,
        };
        sqlx::query!(
            "update entry_reading set read_to = coalesce($2, read_to), read = read + $3, bytes = bytes + $4,
               found_gone = (found_gone || $5::text[])[1:$9], unknown = unknown + $10, why = $6,
               ended_at = case when $7 then clock_timestamp() end, cut = $8
             where cluster_id = $1",
            cluster,
            part.read_to,
            count(part.read),
            count(bytes),
            &part.gone,
            why,
            part.ends.is_some(),
            part.ends == Some(ReadingEnd::TooMuch),
            MOST_GONE,
            count(part.unknown)
        )
        .execute(self.connection())
        .await?;
        // What a reading that broke off did not come to is shown as it was found before.
        if part.ends == Some(ReadingEnd::All) {
            sqlx::query!(
                "with whole as (update entry_reading set gone = found_gone, gone_at = ended_at where cluster_id = $1
                   returning began_at)
                 delete from entry_read e using whole where e.cluster_id = $1 and e.asked_at < whole.began_at",
                cluster
            )
            .execute(self.connection())
            .await?;
        }
        Ok(true)
    }

    /// Fields that were read before stay, with their time, if EKS does not tell them now. Returns the size of what came.
    async fn keep_entries(&mut self, entries: &[AccessEntry]) -> Result<usize, StoreError> {
        let (mut arns, mut details, mut bytes) = (Vec::new(), Vec::new(), 0);
        for entry in entries {
            let whole = to_json(&entry.details)?;
            let fits = whole.to_string().len() <= LONGEST_ENTRY_BYTES;
            let text = if fits { whole } else { to_json(&EntryDetails::Unread)? }.to_string();
            bytes += text.len() + entry.arn.len();
            arns.push(kept(&entry.arn).into_owned());
            details.push(text);
        }
        sqlx::query!(
            "insert into entry_read as kept (cluster_id, arn, details, read_at, asked_at)
             select $1, arn, details::jsonb, clock_timestamp(), clock_timestamp()
             from unnest($2::text[], $3::text[]) as read (arn, details)
             on conflict (cluster_id, arn) do update set asked_at = excluded.asked_at,
               details = case when excluded.details ? 'read' or not kept.details ? 'read' then excluded.details
                              else kept.details end,
               read_at = case when excluded.details ? 'read' or not kept.details ? 'read' then excluded.read_at
                              else kept.read_at end",
            self.target().key(),
            &arns,
            &details
        )
        .execute(self.connection())
        .await?;
        Ok(bytes)
    }
}

/// A time as `latchkey_readable` gives it; one that cannot be read is long ago.
fn moment(at: Option<jiff_sqlx::Timestamp>) -> Timestamp {
    at.map_or(Timestamp::UNIX_EPOCH, jiff_sqlx::Timestamp::to_jiff)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// How far the last reading of a cluster is; `None` if nobody asked for one.
///
/// # Errors
/// `Database`.
pub async fn progress(store: &Store, cluster: ClusterId) -> Result<Option<ReadingProgress>, StoreError> {
    let row = sqlx::query!(
        r#"select latchkey_readable(asked_at) as asked_at, (began_at is null or (ended_at is not null and asked_at > began_at)) as "waits!", found, read,
             latchkey_groups(gone) as "gone!", latchkey_readable(gone_at) as gone_at, unknown, ended_at is not null as "ended!", latchkey_readable(ended_at) as ended_at, cut,
             latchkey_blocker(null, null, why) as why
           from entry_reading where cluster_id = $1"#,
        cluster.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| ReadingProgress {
        asked_at: moment(row.asked_at),
        waits: row.waits,
        found: usize::try_from(row.found).unwrap_or(0),
        read: usize::try_from(row.read).unwrap_or(0),
        gone: row.gone,
        gone_at: row.gone_at.map(jiff_sqlx::Timestamp::to_jiff),
        unknown: usize::try_from(row.unknown).unwrap_or(0),
        ended_at: row.ended.then(|| moment(row.ended_at)),
        why: row.why.map(|why| blocker(Some(&why))),
        cut: row.cut,
    }))
}

/// The access entries of a cluster that readings found, by their ARN, up to 10 MB of them. One that this version cannot read has its ARN
/// alone.
///
/// # Errors
/// `Database`.
pub async fn entries(store: &Store, cluster: ClusterId) -> Result<Vec<ReadEntry>, StoreError> {
    let rows = sqlx::query!(
        r#"select arn as "arn!", details::text as "details!", latchkey_readable(read_at) as read_at
           from (select *, sum(octet_length(details::text)) over (order by arn) as bytes
                 from entry_read where cluster_id = $1) read
           where bytes <= $2 order by arn"#,
        cluster.0,
        MOST_SHOWN_BYTES
    )
    .fetch_all(store.pool())
    .await?;
    let read = |text: String| parsed("entry_read", "details", Some(&text)).unwrap_or_default();
    let entry = |arn, details, at| ReadEntry { entry: AccessEntry { arn, details: read(details) }, at: moment(at) };
    Ok(rows.into_iter().map(|row| entry(row.arn, row.details, row.read_at)).collect())
}
