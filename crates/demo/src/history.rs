//! The demo's past: people known, identities proven, and a few requests that were really asked, decided and ended,
//! through the product's own actions and worker.

use crate::seed::{DemoPerson, PEOPLE, email};
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use latchkey::{
    actions::{
        grants,
        requests::{self, VoteForm, VoteOutcome},
        visitor::Visitor,
    },
    machine,
    store::{
        Store, clusters, observations,
        people::{self, Arrival},
    },
    web::AskForm,
};
use latchkey_domain::access::{
    GrantId, RequestId,
    person::{Handle, Person},
    request::{Seen, Verdict},
};
use latchkey_simulator::Simulator;
use std::{collections::BTreeMap, time::Duration};

/// The longest that a step of the history may take, on a busy machine and with a real cluster.
const PATIENCE: Duration = Duration::from_mins(2);

/// Makes the people known, as their first sign-in would, and proves the identities that the demo says are proven.
pub async fn people(store: &Store, simulator: &Simulator) -> anyhow::Result<BTreeMap<&'static str, Person>> {
    let mut known = BTreeMap::new();
    for person in &PEOPLE {
        let arrival = Arrival {
            issuer: simulator.issuer().as_str().trim_end_matches('/').to_owned(),
            subject: latchkey_simulator::openid::OpenId::subject(person.handle),
            handle: person.handle.parse::<Handle>()?,
            name: person.name.to_owned(),
            email: Some(email(person)),
            groups: person.groups.iter().map(|&group| group.to_owned()).collect(),
            at: Timestamp::now(),
        };
        let (arrived, _) = people::arrive(store, &arrival).await?;
        if person.proven {
            prove(store, simulator, person, &arrived).await?;
        }
        known.insert(person.handle, arrived);
    }
    Ok(known)
}

async fn prove(store: &Store, simulator: &Simulator, person: &DemoPerson, arrived: &Person) -> anyhow::Result<()> {
    let arn = simulator.person_arn(person.handle).context("the simulator lacks a user of the seed")?;
    let unique_id = simulator.aws().user_id(person.handle).context("the simulator lacks a user of the seed")?;
    if people::principal_by_arn(store, &arn).await?.is_none() {
        latchkey::actions::own::seeded(store, arrived, &arn, &unique_id).await?;
    }
    Ok(())
}

/// Waits until the worker has read every cluster, so that the first page has something to show.
pub async fn observed(store: &Store) -> anyhow::Result<()> {
    until("the worker does not read the clusters", async || {
        for cluster in clusters::all(store).await? {
            let read = observations::cluster(store, cluster.id).await?;
            if read.is_none_or(|read| read.body.kubernetes.is_none()) {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await
}

/// A few requests and their ends. Ana has none: the viewer of the demo makes her first request.
pub async fn requests(store: &Store, people: &BTreeMap<&'static str, Person>) -> anyhow::Result<()> {
    let visitor = |handle: &str| Visitor::new(people[handle].clone(), machine::now());
    let [ana, ben, chi, dee] = &["ana", "ben", "chi", "dee"].map(visitor);
    let looked =
        ask(store, ana, &form("staging-eu", "view", "checkout", 60, "Why do checkouts time out since the deploy?"))
            .await?;
    let used = approve(store, ben, looked).await?;
    let denied = ask(store, ana, &form("prod-eu", "restart", "payments-batch", 480, "Just in case")).await?;
    deny(store, chi, denied, "Eight hours in prod need a reason. Ask again for the time that you need.").await?;
    let edited =
        ask(store, ben, &form("staging-eu", "edit", "sandbox", 120, "Try the new settlement job before the release"))
            .await?;
    let held = approve(store, dee, edited).await?;
    wait_active(store, &[used, held]).await?;
    grants::give_back(store, ana, used).await?;
    let reading =
        ask(store, ben, &form("prod-eu", "view", "payments", 240, "Follow the settlement run of tonight, LEDGER-311"))
            .await?;
    wait_active(store, &[approve(store, chi, reading).await?]).await
}

fn form(cluster: &str, profile: &str, namespace: &str, minutes: u32, reason: &str) -> AskForm {
    AskForm {
        cluster: cluster.into(),
        profile: profile.into(),
        namespaces: vec![namespace.into()],
        principal: String::new(),
        minutes: minutes.to_string(),
        reason: reason.into(),
    }
}

async fn ask(store: &Store, by: &Visitor, form: &AskForm) -> anyhow::Result<RequestId> {
    requests::submit(store, by, &form.wanted())
        .await
        .with_context(|| format!("{} could not ask for {}", by.person.handle, form.profile))
}

async fn approve(store: &Store, by: &Visitor, id: RequestId) -> anyhow::Result<GrantId> {
    let vote = VoteForm { verdict: Verdict::Approve, reason: None, seen: seen(store, id).await?, uses_role: None };
    match requests::vote(store, by, id, vote).await? {
        VoteOutcome::Approved(grant) => Ok(grant),
        VoteOutcome::Waiting { .. } | VoteOutcome::Denied => bail!("one approval was not enough"),
    }
}

async fn deny(store: &Store, by: &Visitor, id: RequestId, reason: &str) -> anyhow::Result<()> {
    let seen = seen(store, id).await?;
    requests::vote(
        store,
        by,
        id,
        VoteForm { verdict: Verdict::Deny, reason: Some(reason.into()), seen, uses_role: None },
    )
    .await?;
    Ok(())
}

async fn seen(store: &Store, id: RequestId) -> anyhow::Result<Seen> {
    let seen: Vec<u8> =
        sqlx::query_scalar("select seen from request where id = $1").bind(id.0).fetch_one(store.pool()).await?;
    Ok(Seen(seen.try_into().map_err(|_| anyhow::anyhow!("a request without its hash"))?))
}

async fn wait_active(store: &Store, grants: &[GrantId]) -> anyhow::Result<()> {
    let ids: Vec<_> = grants.iter().map(|grant| grant.0).collect();
    until("the worker does not set an access up", async || {
        let active: i64 =
            sqlx::query_scalar("select count(*) from access_grant where id = any($1) and state = 'active'")
                .bind(&ids)
                .fetch_one(store.pool())
                .await?;
        Ok(usize::try_from(active).is_ok_and(|active| active == ids.len()))
    })
    .await
}

/// Checks every 50 ms, for two minutes at most.
async fn until(what: &'static str, ready: impl AsyncFn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !ready().await? {
        if tokio::time::Instant::now() > deadline {
            bail!("{what}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
