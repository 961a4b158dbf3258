//! People, the identities that providers know them by, and the IAM principals that they proved.
//!
//! Issuer and subject identify a person. Groups are those of the last sign-in; the person chooses theme and time zone.

use super::{
    Store, StoreError, Tx, begin,
    columns::{blocker, person, read_time, readable, role_users, time, to_json},
};
use crate::machine;
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{
        EventDraft, GrantId, PersonId, PrincipalId, RequestId,
        blocker::Blocker,
        person::{Handle, Person, Theme},
        policy::PolicyFile,
        terms::RoleUser,
        transition::Actor,
        verdict::PrincipalVerdict,
    },
    audit::event::Event,
    eks::arn::{PrincipalArn, SessionName},
};
use sqlx::PgConnection;
use uuid::Uuid;

mod locked;

pub use locked::LockedPrincipal;

/// What an identity provider said of a person who just signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub issuer: String,
    pub subject: String,
    pub handle: Handle,
    pub name: String,
    pub email: Option<String>,
    pub groups: Vec<String>,
    pub at: Timestamp,
}

/// A principal as one of its holders has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub id: PrincipalId,
    pub person: PersonId,
    pub arn: String,
    pub unique_id: String,
    pub aws_profile: Option<String>,
    pub proven_at: Timestamp,
    /// The session of a role that was proven.
    pub session: Option<SessionName>,
    /// Everyone who has proven a session of the role, this person among them.
    pub users: Vec<RoleUser>,
    /// What the worker found it to be at its last look; of a user only if it is Latchkey's own.
    pub verdict: Option<PrincipalVerdict>,
    /// Why the worker's last look at a role told nothing.
    pub look_failed: Option<Blocker>,
}

/// A session of a role that a person has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleHolder {
    pub id: Uuid,
    pub person: PersonId,
    pub handle: Handle,
    pub name: String,
    pub session: SessionName,
}

/// Every live proof of a session of a role, in the order of time.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn holders(connection: &mut PgConnection, role: PrincipalId) -> Result<Vec<RoleHolder>, StoreError> {
    let rows = sqlx::query!(
        "select h.id, h.person_id, p.handle, p.name, h.session_name from role_holder h join person p on p.id = h.person_id
         where h.principal_id = $1 and h.ended_at is null order by h.proven_at, h.id",
        role.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RoleHolder {
                id: row.id,
                person: PersonId(row.person_id),
                handle: row.handle.parse().map_err(|error| StoreError::corrupt("person", "handle", error))?,
                name: row.name,
                session: session_name("role_holder", &row.session_name)?,
            })
        })
        .collect()
}

/// Everyone who has proven a session of a role and still has it, the oldest proof first.
///
/// # Errors
/// `Database`.
pub async fn users(connection: &mut PgConnection, role: PrincipalId) -> Result<Vec<RoleUser>, StoreError> {
    let users = sqlx::query_scalar!("select latchkey_role_users($1, null)", role.0).fetch_one(connection).await?;
    Ok(role_users(users.as_deref()))
}

/// Whether the worker's last look found that several people can take any session of a role.
///
/// # Errors
/// `Database`.
pub async fn is_shared(connection: &mut PgConnection, role: PrincipalId) -> Result<bool, StoreError> {
    let verdict = sqlx::query_scalar!("select latchkey_text(verdict) from principal where id = $1", role.0)
        .fetch_optional(connection)
        .await?;
    let verdict: Option<PrincipalVerdict> = verdict.flatten().and_then(|text| serde_json::from_str(&text).ok());
    Ok(verdict.is_some_and(|verdict| verdict.is_shared()))
}

/// The name of a session in a row.
fn session_name(table: &'static str, name: &str) -> Result<SessionName, StoreError> {
    SessionName::parse(name).map_err(|error| StoreError::corrupt(table, "session_name", error))
}

/// How many numbered handles are tried for people of the same name.
const HANDLE_TRIES: u32 = 1000;

/// The person of this issuer and subject, created at their first sign-in; name, e-mail and groups become what the
/// provider says now. A handle that is taken gets a number; handles are never reused.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn arrive(store: &Store, arrival: &Arrival) -> Result<(Person, bool), StoreError> {
    let mut tx = begin::begin(store.pool()).await?;
    // One sign-in of a subject at a time: two first sign-ins at once would create two people.
    let key = format!("{} {}", arrival.issuer, arrival.subject);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 1))", key).fetch_one(&mut *tx).await?;
    let known = sqlx::query!(
        "update person p set name = $3, email = $4, groups = $5, groups_as_of = $6
         from identity i where i.issuer = $1 and i.subject = $2 and p.id = i.person_id
         returning p.id, p.handle, p.name, p.groups",
        arrival.issuer,
        arrival.subject,
        arrival.name,
        arrival.email,
        &arrival.groups,
        time(arrival.at) as _,
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = known {
        tx.commit().await?;
        return Ok((person(row.id, &row.handle, row.name, row.groups)?, false));
    }
    let id = machine::new_id();
    for number in 1..=HANDLE_TRIES {
        let handle = if number == 1 { arrival.handle.clone() } else { arrival.handle.numbered(number) };
        let made = sqlx::query!(
            "insert into person (id, handle, name, email, groups, groups_as_of, created_at)
             values ($1, $2, $3, $4, $5, $6, clock_timestamp()) on conflict (handle) do nothing",
            id,
            handle.as_str(),
            arrival.name,
            arrival.email,
            &arrival.groups,
            time(arrival.at) as _,
        )
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 1 {
            sqlx::query!(
                "insert into identity (issuer, subject, person_id, created_at) values ($1, $2, $3, clock_timestamp())",
                arrival.issuer,
                arrival.subject,
                id,
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            return Ok((person(id, handle.as_str(), arrival.name.clone(), arrival.groups.clone())?, true));
        }
    }
    Err(StoreError::corrupt("person", "handle", &arrival.handle))
}

/// Removes all groups from the person of this issuer and subject: the provider says that they have none, or none that
/// can be trusted. Does nothing if there is no such person.
///
/// # Errors
/// `Database`.
pub async fn lose_groups(store: &Store, issuer: &str, subject: &str, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update person p set groups = '{}', groups_as_of = $3
         from identity i where i.issuer = $1 and i.subject = $2 and p.id = i.person_id",
        issuer,
        subject,
        time(at) as _,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Stores how a person wants pages. Without a zone, times are shown in the deployment's.
///
/// # Errors
/// `Database`.
pub async fn prefer(store: &Store, person: PersonId, theme: Theme, time_zone: Option<&str>) -> Result<(), StoreError> {
    sqlx::query!("update person set theme = $2, time_zone = $3 where id = $1", person.0, theme.as_str(), time_zone)
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Known people who are in one of these groups, up to 500 of each, or have one of these handles. A large group does not
/// take the places of the others.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn in_audiences(store: &Store, groups: &[String], handles: &[String]) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct id as "id!", handle as "handle!", name as "name!", latchkey_groups(groups) as "groups!" from (
             select p.* from unnest($1::text[]) wanted(name)
               cross join lateral (select * from person where groups && array[wanted.name] order by handle limit 500) p
             union all select * from person where handle = any($2)) found
           order by 2"#,
        groups,
        handles
    )
    .fetch_all(store.pool())
    .await?;
    // A person whose row cannot be read decides nothing; the others still do.
    Ok(readable(rows.into_iter().map(|row| (row.id, person(row.id, &row.handle, row.name, row.groups)))))
}

/// All known people whom a policy of the file names as approvers.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn approvers(store: &Store, file: &PolicyFile) -> Result<Vec<Person>, StoreError> {
    let (groups, handles) = audiences(file);
    in_audiences(store, &groups, &handles).await
}

/// The groups and the handles that policies of the file name as approvers.
pub(super) fn audiences(file: &PolicyFile) -> (Vec<String>, Vec<String>) {
    use latchkey_domain::access::policy::Decision;
    let mut groups = std::collections::BTreeSet::new();
    let mut handles = std::collections::BTreeSet::new();
    for policy in &file.policies {
        if let Decision::Ask { approvers, .. } = &policy.decision {
            groups.extend(approvers.groups.iter().cloned());
            handles.extend(approvers.people.iter().map(ToString::to_string));
        }
    }
    (groups.into_iter().collect(), handles.into_iter().collect())
}

/// The principals that a person has proven and still has, oldest first. One whose time of proof cannot be read is left
/// out, and the log names it: its holder proves it again.
///
/// # Errors
/// `Database`.
pub async fn principals(store: &Store, of: PersonId) -> Result<Vec<Principal>, StoreError> {
    let rows = sqlx::query!(
        r#"select id as "id!", arn as "arn!", unique_id as "unique_id!", aws_profile, latchkey_readable(at) as proven_at,
             session_name, verdict, look_failed, users
           from (
             select i.id, i.arn, i.unique_id, i.aws_profile, i.proven_at as at, null as session_name,
               latchkey_text(i.verdict) as verdict, latchkey_blocker(null, null, i.look_failed) as look_failed,
               null as users
             from principal i where i.person_id = $1 and i.ended_at is null
             union all
             select i.id, i.arn, i.unique_id, h.aws_profile, h.proven_at, h.session_name, latchkey_text(i.verdict),
               latchkey_blocker(null, null, i.look_failed), latchkey_role_users(i.id, null)
             from role_holder h join principal i on i.id = h.principal_id
             where h.person_id = $1 and h.ended_at is null and i.ended_at is null) held
           order by at, id"#,
        of.0
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<Principal, StoreError> {
            Ok(Principal {
                id: PrincipalId(row.id),
                person: of,
                arn: row.arn,
                unique_id: row.unique_id,
                aws_profile: row.aws_profile,
                proven_at: read_time("principal", "proven_at", row.proven_at)?,
                session: row.session_name.as_deref().map(|name| session_name("role_holder", name)).transpose()?,
                users: role_users(row.users.as_deref()),
                // What cannot be read was not looked at.
                verdict: row.verdict.and_then(|text| serde_json::from_str(&text).ok()),
                look_failed: row.look_failed.as_deref().map(|why| blocker(Some(why))),
            })
        };
        (id, read())
    })))
}

/// A principal that now has an ARN, as far as a new proof of that ARN goes by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnHolder {
    pub id: PrincipalId,
    /// The owner of a user.
    pub person: Option<PersonId>,
    pub arn: String,
    pub unique_id: String,
}

/// The principal that now has this ARN, whatever the path of a role; `None` if no person has proven it.
///
/// # Errors
/// `Database`.
pub async fn principal_by_arn(store: &Store, arn: &str) -> Result<Option<ArnHolder>, StoreError> {
    let row = sqlx::query!(
        "select id, person_id, arn, unique_id from principal
         where latchkey_arn_key(arn) = latchkey_arn_key($1) and ended_at is null limit 1",
        arn
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| ArnHolder {
        id: PrincipalId(row.id),
        person: row.person_id.map(PersonId),
        arn: row.arn,
        unique_id: row.unique_id,
    }))
}

/// Stores the name of a principal's AWS CLI profile on its holder's machine.
///
/// # Errors
/// `Database`.
pub async fn name_profile(store: &Store, of: PersonId, id: PrincipalId, aws_profile: &str) -> Result<(), StoreError> {
    let mut connection = store.acquire().await?;
    for update in [
        sqlx::query!(
            "update principal set aws_profile = $3 where id = $1 and person_id = $2 and ended_at is null",
            id.0,
            of.0,
            aws_profile
        ),
        sqlx::query!(
            "update role_holder set aws_profile = $3 where principal_id = $1 and person_id = $2 and ended_at is null",
            id.0,
            of.0,
            aws_profile
        ),
    ] {
        update.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Records what the run with this epoch found a principal to be, and a role's ARN with its path. Does nothing if what was
/// found has another unique id, or the target has another epoch by now. If a role that several people shared is pinned now,
/// every proof of a session of it is over: while it was shared, anyone could prove any session's name.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn note_look(
    store: &Store,
    id: PrincipalId,
    epoch: i64,
    found: (&PrincipalArn, Option<&str>),
    verdict: &PrincipalVerdict,
) -> Result<(), StoreError> {
    let (arn, unique_id) = found;
    let mut tx = store.begin().await?;
    let was_shared = tx.lock_principal(id).await?.verdict().await?.is_some_and(|verdict| verdict.is_shared());
    let noted = sqlx::query!(
        "update principal set verdict = $3, looked_at = clock_timestamp(), look_failed = null,
           arn = case when kind = 'role' and arn !~ ':role/.*/' then $4 else arn end
         where id = $1 and unique_id = coalesce($5, unique_id)
           and exists (select from target where kind = 'principal' and key = $1 and epoch = $2)",
        id.0,
        epoch,
        to_json(verdict)?,
        arn.as_str(),
        unique_id,
    )
    .execute(tx.connection())
    .await?;
    if noted.rows_affected() > 0 && was_shared && verdict.is_pinned() {
        end_proofs(&mut tx, id, arn).await?;
    }
    tx.commit().await
}

/// Ends every proof of a session of a role, each with its event.
async fn end_proofs(tx: &mut Tx, role: PrincipalId, arn: &PrincipalArn) -> Result<(), StoreError> {
    let mut locked = tx.lock_principal(role).await?;
    let now = locked.now().await?;
    for holder in locked.holders().await? {
        locked.end_holder(holder.person).await?;
        let what = Event::IdentityProofEnded { principal: arn.to_string(), session: holder.session.to_string() };
        let event = EventDraft { person: Some(holder.person), ..EventDraft::new(what, Actor::worker()) };
        locked.event(&event, now).await?;
    }
    Ok(())
}

/// Records why the run with this epoch could not look at a role.
///
/// # Errors
/// `Database`.
pub async fn note_failed_look(store: &Store, id: PrincipalId, epoch: i64, why: &Blocker) -> Result<(), StoreError> {
    sqlx::query!(
        "update principal set look_failed = $3
         where id = $1 and kind = 'role' and look_failed is distinct from $3
           and exists (select from target where kind = 'principal' and key = $1 and epoch = $2)",
        id.0,
        epoch,
        to_json(why)?,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Records what the run with this epoch learned about a principal's unique id: another one, or the one that was proven.
/// Returns for how long it has differed. Does nothing if the target has another epoch by now.
///
/// # Errors
/// `Database`.
pub async fn note_identity(
    store: &Store,
    id: PrincipalId,
    epoch: i64,
    other: Option<&str>,
) -> Result<Option<SignedDuration>, StoreError> {
    let Some(other) = other else {
        sqlx::query!(
            "update principal set differs_since = null, differs_id = null where id = $1 and differs_since is not null
               and exists (select from target where kind = 'principal' and key = $1 and epoch = $2)",
            id.0,
            epoch
        )
        .execute(store.pool())
        .await?;
        return Ok(None);
    };
    let ago = sqlx::query_scalar!(
        r#"update principal set differs_since = coalesce(differs_since, clock_timestamp()), differs_id = $2
           where id = $1 and exists (select from target where kind = 'principal' and key = $1 and epoch = $3)
           returning extract(epoch from clock_timestamp() - differs_since)::float8 as "ago!""#,
        id.0,
        other,
        epoch
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(ago.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()))
}

/// The principal of this id with those who hold it, including ended ones.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn held(store: &Store, id: PrincipalId) -> Result<Option<HeldPrincipal>, StoreError> {
    let rows = sqlx::query!(
        r#"select i.arn, i.unique_id, i.ended_at, p.id as "person?", p.handle as "handle?", p.name as "name?"
           from principal i
             left join role_holder h on h.principal_id = i.id and h.ended_at is null
             left join person p on p.id = coalesce(i.person_id, h.person_id)
           where i.id = $1 order by h.proven_at, h.id"#,
        id.0
    )
    .fetch_all(store.pool())
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (arn, unique_id) = (first.arn.clone(), first.unique_id.clone());
    let ended_at = first.ended_at.map(jiff_sqlx::Timestamp::to_jiff);
    let mut holders = Vec::new();
    for row in rows {
        let (Some(person), Some(handle), Some(name)) = (row.person, row.handle, row.name) else { continue };
        let handle = handle.parse().map_err(|error| StoreError::corrupt("person", "handle", error))?;
        holders.push(PrincipalHolder { person: PersonId(person), handle, name });
    }
    Ok(Some(HeldPrincipal { arn, unique_id, ended_at, holders }))
}

/// A principal, with what an operator has to know to release it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPrincipal {
    pub arn: String,
    pub unique_id: String,
    pub ended_at: Option<Timestamp>,
    /// The owner of a user, or everyone who has proven a session of a role.
    pub holders: Vec<PrincipalHolder>,
}

/// A person who has proven a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalHolder {
    pub person: PersonId,
    pub handle: Handle,
    pub name: String,
}

/// What has to end with a principal: the pending requests, and the accesses that do not end yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    pub requests: Vec<RequestId>,
    pub grants: Vec<GrantId>,
}

/// Whether a principal ended, and a request or access is left that should have ended with it.
///
/// # Errors
/// `Database`.
pub async fn left_of_ended(store: &Store, id: PrincipalId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select i.ended_at is not null and (
             exists (select from request where principal_id = i.id and state = 'pending')
             or exists (select from access_grant where principal_id = i.id
                        and state in ('scheduled', 'provisioning', 'active'))) as "left!"
           from principal i where i.id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?
    .unwrap_or_default())
}

impl Tx {
    /// Keeps a principal from ending until this transaction ends, and returns whether it still stands, and is still
    /// this person's: for a role, by the same session.
    ///
    /// # Errors
    /// `Database`.
    pub async fn hold_principal(
        &mut self,
        id: PrincipalId,
        person: PersonId,
        session: Option<&SessionName>,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            r#"select ended_at is null as "stands!", person_id from principal where id = $1 for share"#,
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row.filter(|row| row.stands) else { return Ok(false) };
        if let Some(owner) = row.person_id {
            return Ok(PersonId(owner) == person && session.is_none());
        }
        let holds = sqlx::query_scalar!(
            r#"select exists (select from role_holder where principal_id = $1 and person_id = $2 and ended_at is null
                 and session_name = coalesce($3, session_name))
               and not exists (select from role_holder where principal_id = $1 and person_id <> $2 and ended_at is null
                 and session_name = $3) as "holds!""#,
            id.0,
            person.0,
            session.map(SessionName::as_str),
        )
        .fetch_one(self.connection())
        .await?;
        Ok(holds)
    }

    /// What has to end with a principal, or with what one person has proven of a role.
    ///
    /// # Errors
    /// `Database`.
    pub async fn left_of_principal(&mut self, id: PrincipalId, of: Option<PersonId>) -> Result<Left, StoreError> {
        let requests = sqlx::query_scalar!(
            "select id from request where principal_id = $1 and state = 'pending' and person_id = coalesce($2, person_id)
             order by id",
            id.0,
            of.map(|person| person.0),
        )
        .fetch_all(self.connection())
        .await?;
        let grants = sqlx::query_scalar!(
            "select id from access_grant where principal_id = $1 and state in ('scheduled', 'provisioning', 'active')
               and person_id = coalesce($2, person_id)
             order by id",
            id.0,
            of.map(|person| person.0),
        )
        .fetch_all(self.connection())
        .await?;
        Ok(Left {
            requests: requests.into_iter().map(RequestId).collect(),
            grants: grants.into_iter().map(GrantId).collect(),
        })
    }
}
