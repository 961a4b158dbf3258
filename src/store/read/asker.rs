//! What the form of a request needs to know of the person who asks: what they have proven, what they have and wait for,
//! and who could decide. One statement, since a live form asks at every change. Each row is its own JSON, and `of`
//! names its kind, so that one unreadable row does not hide the others.

use crate::store::{
    Store, StoreError,
    columns::{blocker, parsed, person, readable, role_users},
    people::{Principal, audiences},
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{PersonId, PrincipalId, person::Person, policy::PolicyFile},
    eks::arn::SessionName,
};
use serde::Deserialize;
use uuid::Uuid;

/// A person who asks.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// The identities that they have proven and that still stand, oldest first.
    pub principals: Vec<Principal>,
    /// The known people whom a policy names as approvers.
    pub approvers: Vec<Person>,
    /// Their accesses that have not ended, the one that ends first in front.
    pub held: Vec<AskersAccess>,
    /// Their latest requests, newest first.
    pub asked: Vec<AskersRequest>,
}

/// One of their accesses, as the form shows it beside a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AskersAccess {
    id: Uuid,
    pub cluster: String,
    pub profile: String,
    /// `None` while it is being set up.
    pub until: Option<Timestamp>,
}

/// One of their requests, as the form shows it beside a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AskersRequest {
    id: Uuid,
    pub cluster: String,
    pub profile: String,
    /// Whether it is not decided yet.
    pub pending: bool,
    pub submitted_at: Timestamp,
}

/// The most accesses and requests that the form considers.
const ACCESSES: i64 = 200;
const REQUESTS: i64 = 50;

/// One row of the statement.
#[derive(Debug, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
enum AskerRow {
    Principal(PrincipalRow),
    Approver { id: Uuid, handle: String, name: String, groups: Vec<String> },
    Held(AskersAccess),
    Asked(AskersRequest),
}

#[derive(Debug, Deserialize)]
struct PrincipalRow {
    id: PrincipalId,
    arn: String,
    unique_id: String,
    aws_profile: Option<String>,
    proven_at: Timestamp,
    session: Option<SessionName>,
    #[serde(default)]
    users: Option<String>,
    verdict: Option<String>,
    look_failed: Option<String>,
}

/// The id of a row, as far as it can be read.
#[derive(Debug, Default, Deserialize)]
struct RowId {
    id: Uuid,
}

/// Reads what is known of a person who asks under this policy.
///
/// # Errors
/// `Database`.
pub async fn read(store: &Store, id: PersonId, file: &PolicyFile) -> Result<Asker, StoreError> {
    let (groups, handles) = audiences(file);
    let parts = sqlx::query_scalar!(
        r#"select to_json(x)::text as "part!" from (
             select 'principal' as of, id, arn, unique_id, aws_profile, latchkey_readable(proven_at) as proven_at,
               null as session, latchkey_text(verdict) as verdict, latchkey_blocker(null, null, look_failed) as look_failed
             from principal where person_id = $1 and ended_at is null and latchkey_readable(proven_at) is not null) x
           union all select to_json(x)::text from (
             select 'principal' as of, i.id, i.arn, i.unique_id, h.aws_profile,
               latchkey_readable(h.proven_at) as proven_at, h.session_name as session,
               latchkey_role_users(i.id, null) as users,
               latchkey_text(i.verdict) as verdict, latchkey_blocker(null, null, i.look_failed) as look_failed
             from role_holder h join principal i on i.id = h.principal_id
             where h.person_id = $1 and h.ended_at is null and i.ended_at is null
               and latchkey_readable(h.proven_at) is not null) x
           union all select to_json(x)::text from (
             select distinct 'approver' as of, id, handle, name, latchkey_groups(groups) as groups from (
               select p.* from unnest($2::text[]) wanted(name)
                 cross join lateral (select * from person where groups && array[wanted.name] order by handle limit 500) p
               union all select * from person where handle = any($3)) found) x
           union all select to_json(x)::text from (
             select 'held' as of, g.id, c.name as cluster, g.profile,
               case when latchkey_readable(g.since) is not null then latchkey_readable(g.until) end as until
             from access_grant g join cluster c on c.id = g.cluster_id
             where g.person_id = $1 and g.state <> 'ended'
             order by g.until nulls first, g.id limit $4) x
           union all select to_json(x)::text from (
             select 'asked' as of, r.id, c.name as cluster, r.profile, r.state = 'pending' as pending,
               latchkey_readable(r.submitted_at) as submitted_at
             from request r join cluster c on c.id = r.cluster_id
             where r.person_id = $1 and latchkey_readable(r.submitted_at) is not null
             order by r.id desc limit $5) x"#,
        id.0,
        &groups,
        &handles,
        ACCESSES,
        REQUESTS,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(gathered(id, &parts))
}

/// What the rows say. One that cannot be read is left out alone, and the log names it.
fn gathered(of: PersonId, parts: &[String]) -> Asker {
    let row = |part: &String| {
        let RowId { id } = serde_json::from_str(part).unwrap_or_default();
        (id, parsed("a row", "of who asks", Some(part.as_str())))
    };
    let (mut read, mut approvers) = (Asker::default(), Vec::new());
    for row in readable::<AskerRow>(parts.iter().map(row)) {
        match row {
            AskerRow::Principal(row) => read.principals.push(row.principal(of)),
            AskerRow::Approver { id, handle, name, groups } => approvers.push((handle, id, name, groups)),
            AskerRow::Held(held) => read.held.push(held),
            AskerRow::Asked(asked) => read.asked.push(asked),
        }
    }
    approvers.sort();
    // A person whose row cannot be read decides nothing; the others still do.
    let known =
        |(handle, id, name, groups): (String, Uuid, String, Vec<String>)| (id, person(id, &handle, name, groups));
    read.approvers = readable(approvers.into_iter().map(known));
    read.principals.sort_by_key(|principal| (principal.proven_at, principal.id));
    read.held.sort_by_key(|held| (held.until, held.id));
    read.asked.sort_by_key(|asked| std::cmp::Reverse(asked.id));
    read
}

impl PrincipalRow {
    fn principal(self, person: PersonId) -> Principal {
        let Self { id, arn, unique_id, aws_profile, proven_at, session, users, verdict, look_failed } = self;
        // What cannot be read was not looked at.
        let verdict = verdict.and_then(|text| serde_json::from_str(&text).ok());
        let look_failed = look_failed.as_deref().map(|why| blocker(Some(why)));
        let users = role_users(users.as_deref());
        Principal { id, person, arn, unique_id, aws_profile, proven_at, session, users, verdict, look_failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_read_takes_no_other_with_it() {
        let id = |number| Uuid::from_u128(number);
        let held = |number, until: &str| {
            format!(
                r#"{{ "of": "held", "id": "{}", "cluster": "prod-eu", "profile": "view", "until": {until} }}"#,
                id(number)
            )
        };
        let bad = ["[]".to_owned(), r#"{ "of": "sold" }"#.to_owned(), held(1, "\"infinity\""), String::new()];
        let mut parts = vec![held(2, "null")];
        parts.extend(bad);
        parts.push(held(3, "\"2026-11-24T13:02:00Z\""));
        let read: Vec<Uuid> = gathered(PersonId(id(1)), &parts).held.iter().map(|held| held.id).collect();
        assert_eq!(read, [id(2), id(3)]);
    }
}
