//! Alarms: the worker raises them, and operators see them until they are over.

use super::{
    Store, StoreError, Tx,
    columns::{kept, time, to_json},
};
use crate::{causes::chain, machine};
use futures::future::BoxFuture;
use jiff::Timestamp;
use latchkey_domain::access::{
    AlarmId, ClusterId, EventDraft, GrantId, PersonId, RequestId,
    alarm::{Alarm, AlarmCode, AlarmFacts, ToldAlarm},
    transition::Actor,
};
use latchkey_domain::audit::event::Event;
use sqlx::PgConnection;
use uuid::Uuid;

/// Makes the sentences of an alarm.
pub type SayAlarm = fn(&AlarmFacts) -> String;

/// The longest sentence of an alarm, in characters.
const LONGEST_WHAT: usize = 1000;
/// The largest facts of an alarm, in bytes of JSON. Of larger ones, the sentence alone is kept.
const LARGEST_FACTS: usize = 32_768;
/// How many alarms of one code a look checks for being over.
const AT_ONCE: i64 = 200;
/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// An alarm that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingAlarm {
    pub id: AlarmId,
    /// `None` if another version of Latchkey raised it.
    pub code: Option<AlarmCode>,
    pub subject: String,
    pub what: ToldAlarm,
    /// The sentence that its events have.
    pub said: String,
    pub person: Option<PersonId>,
    pub cluster: Option<ClusterId>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
    pub raised_at: Timestamp,
}

impl StandingAlarm {
    /// Whether it is over when its subject is, so that an operator need not clear it.
    pub fn ends_by_itself(&self) -> bool {
        self.code.is_some_and(AlarmCode::ends_by_itself)
    }
}

impl Tx {
    /// Raises an alarm: its row, its event `alarm.raised`, and an error in the log once this transaction commits. If
    /// one of this code and subject stands already, it does nothing and returns `false`. Its event and the log, and
    /// processes of earlier versions, have the sentence that `say` makes of it.
    ///
    /// # Errors
    /// `Event`, `Database`.
    pub async fn raise(&mut self, alarm: &Alarm, say: SayAlarm, now: Timestamp) -> Result<bool, StoreError> {
        let cut = |text: &str, longest: usize| kept(text).chars().take(longest).collect::<String>();
        let alarm = Alarm { subject: cut(&alarm.subject, LONGEST_SUBJECT), ..alarm.clone() };
        let what = cut(&say(&alarm.facts), LONGEST_WHAT);
        let facts = Some(to_json(&alarm.facts)?).filter(|facts| facts.to_string().len() <= LARGEST_FACTS);
        let result = sqlx::query!(
            "insert into alarm (id, code, subject, what, facts, person_id, cluster_id, request_id, grant_id, raised_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (code, subject) where cleared_at is null do nothing",
            machine::new_id(),
            alarm.code().as_str(),
            alarm.subject,
            what,
            facts,
            alarm.person.map(|id| id.0),
            alarm.cluster.map(|id| id.0),
            alarm.request.map(|id| id.0),
            alarm.grant.map(|id| id.0),
            time(now) as _,
        )
        .execute(self.connection())
        .await?;
        if result.rows_affected() == 0 {
            return Ok(false);
        }
        self.event(&alarm.raised(&what), now).await?;
        self.tell(alarm, what);
        Ok(true)
    }

    /// Locks and returns an alarm; `None` if it does not stand.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lock_alarm(&mut self, id: AlarmId) -> Result<Option<StandingAlarm>, StoreError> {
        let row = sqlx::query_as!(
            StandingAlarmRow,
            "select id, code, subject, what, latchkey_text(facts) as facts, person_id, cluster_id, request_id, grant_id, raised_at from alarm
             where id = $1 and cleared_at is null for update",
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(StandingAlarmRow::standing))
    }

    /// Locks and returns an alarm; `None` if it does not stand, or another session has it locked.
    ///
    /// # Errors
    /// `Database`.
    pub async fn try_lock_alarm(&mut self, id: AlarmId) -> Result<Option<StandingAlarm>, StoreError> {
        let row = sqlx::query_as!(
            StandingAlarmRow,
            "select id, code, subject, what, latchkey_text(facts) as facts, person_id, cluster_id, request_id, grant_id, raised_at from alarm
             where id = $1 and cleared_at is null for update skip locked",
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(StandingAlarmRow::standing))
    }

    /// Clears an alarm that stands, with its event `alarm.cleared`: by a person, or by itself.
    ///
    /// # Errors
    /// `Stale` if it does not stand any more; `Event`, `Database`.
    pub async fn clear_alarm(
        &mut self,
        alarm: &StandingAlarm,
        actor: Actor,
        by: Option<PersonId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query!(
            "update alarm set cleared_at = greatest($2, raised_at), cleared_by = $3 where id = $1 and cleared_at is null",
            alarm.id.0,
            time(now) as _,
            by.map(|id| id.0),
        )
        .execute(self.connection())
        .await?;
        super::tx::one_row(&result, "the alarm")?;
        let what = Event::AlarmCleared {
            alarm: alarm.code.map_or("", AlarmCode::as_str).to_owned(),
            subject: alarm.subject.clone(),
            what: alarm.said.clone(),
        };
        let event = EventDraft {
            person: alarm.person,
            cluster: alarm.cluster,
            request: alarm.request,
            grant: alarm.grant,
            ..EventDraft::new(what, actor)
        };
        self.event(&event, now).await.map(drop)
    }
}

/// Whether an alarm of this code and subject stands.
///
/// # Errors
/// `Database`.
pub async fn stands(connection: &mut PgConnection, code: AlarmCode, subject: &str) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from alarm where code = $1 and subject = $2 and cleared_at is null) as "stands!""#,
        code.as_str(),
        subject
    );
    Ok(found.fetch_one(connection).await?)
}

/// Whether an alarm with this id was ever raised.
///
/// # Errors
/// `Database`.
pub async fn exists(store: &Store, id: AlarmId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(r#"select exists (select from alarm where id = $1) as "exists!""#, id.0);
    Ok(found.fetch_one(store.pool()).await?)
}

/// The alarms that stand, the newest first: at most `limit`.
///
/// # Errors
/// `Database`.
pub async fn standing(store: &Store, limit: i64) -> Result<Vec<StandingAlarm>, StoreError> {
    let rows = sqlx::query_as!(
        StandingAlarmRow,
        "select id, code, subject, what, latchkey_text(facts) as facts, person_id, cluster_id, request_id, grant_id, raised_at from alarm
         where cleared_at is null order by raised_at desc, id desc limit $1",
        limit
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(StandingAlarmRow::standing).collect())
}

/// Clears the alarms of this code that are over, each in a transaction of its own. An error about one is logged, and
/// the others go on. If another session has one locked, it is looked at another time.
///
/// # Errors
/// `Database` if they cannot be looked for.
pub async fn clear_over(
    store: &Store,
    code: AlarmCode,
    is_over: impl for<'a> Fn(&'a mut Tx, &'a StandingAlarm) -> BoxFuture<'a, Result<bool, StoreError>>,
) -> Result<(), StoreError> {
    for alarm in some_of(store, code, AT_ONCE).await? {
        let cleared = async {
            let mut tx = store.begin().await?;
            let Some(alarm) = tx.try_lock_alarm(alarm.id).await? else { return Ok(()) };
            if !is_over(&mut tx, &alarm).await? {
                return Ok(());
            }
            let now = tx.now().await?;
            tx.clear_alarm(&alarm, Actor::worker(), None, now).await?;
            tx.commit().await
        };
        if let Err(error) = cleared.await {
            let error: StoreError = error;
            tracing::warn!(subject = alarm.subject, error = chain(&error), "an alarm stays");
        }
    }
    Ok(())
}

/// Some standing alarms of this code, in no fixed order: over time it returns each of them, however many there are.
async fn some_of(store: &Store, code: AlarmCode, limit: i64) -> Result<Vec<StandingAlarm>, StoreError> {
    let rows = sqlx::query_as!(
        StandingAlarmRow,
        "select id, code, subject, what, latchkey_text(facts) as facts, person_id, cluster_id, request_id, grant_id, raised_at from alarm
         where cleared_at is null and code = $1 order by random() limit $2",
        code.as_str(),
        limit
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(StandingAlarmRow::standing).collect())
}

struct StandingAlarmRow {
    id: Uuid,
    code: String,
    subject: String,
    what: String,
    facts: Option<String>,
    person_id: Option<Uuid>,
    cluster_id: Option<Uuid>,
    request_id: Option<Uuid>,
    grant_id: Option<Uuid>,
    raised_at: jiff_sqlx::Timestamp,
}

impl StandingAlarmRow {
    fn standing(self) -> StandingAlarm {
        StandingAlarm {
            id: AlarmId(self.id),
            code: AlarmCode::parse(&self.code),
            subject: self.subject,
            what: ToldAlarm::read(self.facts.as_deref(), self.what.clone()),
            said: self.what,
            person: self.person_id.map(PersonId),
            cluster: self.cluster_id.map(ClusterId),
            request: self.request_id.map(RequestId),
            grant: self.grant_id.map(GrantId),
            raised_at: self.raised_at.to_jiff(),
        }
    }
}
