//! Many sessions at the same few rows: portal, operator and workers do hundreds of things at once, and afterwards the
//! audit log is replayed against the tables of states.

use super::{
    acts::{apply, proven},
    gate::Commits,
    history,
    scene::{Hands, Scene, ask, lease, policy, said, sqlstate},
};
use crate::town::Town;
use latchkey::{
    actions::{clock, grants, own, requests},
    lease::LEASE,
    store::{Store, audit, desired, people, quarantine::LockedRows, targets},
    worker::{
        finish::{self, RunOutcome},
        trail,
    },
};
use latchkey_domain::{
    access::{GrantId, RequestId, request::Verdict, step_kind::StepKind, transition::Target},
    plan::{
        desired::Wish,
        observation::{IamEntity, PrincipalObservation},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::{
    collections::BTreeMap,
    error::Error,
    time::{Duration, Instant},
};

/// How many act at the same time.
const HANDS: u64 = 8;
/// How often each of them acts.
const TURNS: usize = 100;
/// The lease of a run, after which another worker may claim its target: far shorter than in production, so that this
/// happens.
const SHORT_LEASE: Duration = Duration::from_millis(30);

type Done = Result<(), Box<dyn Error + Send + Sync>>;

fn seed() -> u64 {
    let given = std::env::var("LATCHKEY_SEED").ok().and_then(|seed| seed.parse().ok());
    let day = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    given.unwrap_or(day)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_at_the_same_rows_never_deadlocks_and_breaks_no_state() {
    let seed = seed();
    println!("crowd: seed {seed} (LATCHKEY_SEED={seed} deals the same turns; who comes first is up to PostgreSQL)");
    let scene = Scene::empty().await;
    let before = history::generations(&scene.town).await;
    let hands = (0..HANDS).map(|number| one_of_many(&scene, StdRng::seed_from_u64(seed ^ (number << 32))));
    let tallies = futures::future::join_all(hands).await;
    settle(&scene).await;
    let mut tally = BTreeMap::new();
    for (what, count) in tallies.into_iter().flatten() {
        *tally.entry(what).or_insert(0_usize) += count;
    }
    let replayed = history::replay(&scene.town, &before).await;
    println!(
        "crowd: {} turns of {HANDS} hands, no deadlock; {} requests, {} accesses, {} events replayed: {tally:?}",
        tally.values().sum::<usize>(),
        replayed.requests,
        replayed.grants,
        replayed.events
    );
    assert!(replayed.grants > 10, "hardly anything was granted: {}", replayed.grants);
}

/// One of many, with connections of its own, that acts turn after turn. Gives how often each thing was done or refused.
async fn one_of_many(scene: &Scene, mut random: StdRng) -> BTreeMap<&'static str, usize> {
    let hands = Hands::new(&scene.town, Commits::Kept).await;
    let mut tally = BTreeMap::new();
    for _ in 0..TURNS {
        let (what, done) = turn(scene, &hands, &mut random).await;
        *tally.entry(what).or_default() += 1;
        let Err(error) = done else { continue };
        // A refusal has to come from a rule: the database itself refuses nothing.
        assert_eq!(sqlstate(error.as_ref()), None, "{what}: {}", said(error.as_ref()));
    }
    tally
}

async fn turn(scene: &Scene, hands: &Hands, random: &mut StdRng) -> (&'static str, Done) {
    let (town, web) = (&scene.town, &hands.web);
    match random.random_range(0..100) {
        0..20 => {
            let who = *["ana", "gus", "ben"].choose(random).unwrap();
            let form = ask(
                ["prod-eu", "staging-eu"].choose(random).unwrap(),
                ["view", "edit"].choose(random).unwrap(),
                ["payments", "payments-batch", "checkout"].choose(random).unwrap(),
            );
            ("submit", requests::submit(web, town.visitor(who), &form.wanted()).await.map(drop).map_err(Into::into))
        }
        20..45 => ("vote", vote(town, web, random).await),
        45..48 => ("cancel", cancel(town, web, random).await),
        48..54 => ("give back", end(town, web, random, false).await),
        54..58 => ("revoke", end(town, web, random, true).await),
        58..60 => {
            let hours = random.random_range(2..5);
            let text = policy().replace("\"4h\"", &format!("\"{hours}h\""));
            ("apply policy", apply(hands, &text, &[]).await)
        }
        60..62 => ("prove", prove(town, web, random).await),
        62..65 => {
            let arrival = Town::arrival("ben", &["developers", "payments-leads"]);
            ("sign in", people::arrive(web, &arrival).await.map(drop).map_err(Into::into))
        }
        65..75 => ("clock", tick(&hands.worker).await),
        75..78 => {
            town.advance(random.random_range(1..20)).await;
            ("advance", Ok(()))
        }
        78..80 => ("seal", audit::seal(hands.worker.pool()).await.map(drop).map_err(Into::into)),
        _ => ("work", work(hands, random, SHORT_LEASE).await),
    }
}

async fn vote(town: &Town, web: &Store, random: &mut StdRng) -> Done {
    let Some(id) = pick(town, random, "select id from request where state = 'pending'").await else { return Ok(()) };
    let who = *["ben", "chi", "dot"].choose(random).unwrap();
    let (verdict, reason) =
        if random.random_bool(0.9) { (Verdict::Approve, None) } else { (Verdict::Deny, Some("a test".to_owned())) };
    let id = RequestId(id);
    let seen = town.seen_now(id).await;
    let Some(seen) = seen else { return Ok(()) };
    requests::vote(web, town.visitor(who), id, requests::VoteForm { verdict, reason, seen, uses_role: None }).await?;
    Ok(())
}

async fn cancel(town: &Town, web: &Store, random: &mut StdRng) -> Done {
    let Some(id) = pick(town, random, "select id from request where state = 'pending'").await else { return Ok(()) };
    for who in ["ana", "gus", "ben"] {
        match requests::cancel(web, town.visitor(who), RequestId(id)).await {
            Err(requests::NotDecided::NotFound) => {}
            other => return Ok(other?),
        }
    }
    Ok(())
}

async fn end(town: &Town, web: &Store, random: &mut StdRng, by_operator: bool) -> Done {
    let live = "select id from access_grant where state in ('scheduled', 'provisioning', 'active')";
    let Some(id) = pick(town, random, live).await else { return Ok(()) };
    if by_operator {
        return Ok(grants::revoke(web, town.visitor("dee"), GrantId(id), "a test").await?);
    }
    for who in ["ana", "gus", "ben"] {
        match grants::give_back(web, town.visitor(who), GrantId(id)).await {
            Err(grants::NotEnded::NotFound) => {}
            other => return Ok(other?),
        }
    }
    Ok(())
}

/// Proves gus's IAM user again, sometimes made anew.
async fn prove(town: &Town, web: &Store, random: &mut StdRng) -> Done {
    let (arn, unique_id) = (Town::arn("gus"), format!("AIDAGUS{}", random.random_range(0..3)));
    let id = own::seeded(web, town.person("gus"), &arn, &unique_id).await?;
    let (name, path) = ("gus".to_owned(), "/latchkey/".to_owned());
    let found = IamEntity { arn, unique_id, name, path, ..IamEntity::default() };
    town.observe("principal", id.0, &PrincipalObservation::of(Some(found))).await;
    Ok(())
}

async fn tick(worker: &Store) -> Done {
    clock::expire_due(worker).await?;
    clock::start_due(worker).await?;
    clock::lapse_due(worker).await?;
    Ok(())
}

/// Claims a few targets and finishes their runs as if everything outside had gone well; now and then the worker dies.
async fn work(hands: &Hands, random: &mut StdRng, lasts: Duration) -> Done {
    targets::add_missing_clusters(&hands.worker).await?;
    let holder = format!("a worker {}", random.random::<u64>());
    let claimant = targets::Claimant { holder: &holder, at: jiff::Timestamp::now(), in_hand: &[] };
    let claims = targets::claim(&hands.worker, &claimant, lasts, targets::Room::any(random.random_range(1..4))).await?;
    let worker = hands.worker_process();
    for claim in claims {
        let lease = lease(&claim);
        let wishes = wishes(&hands.worker, claim.target, claim.epoch).await?;
        let mut planned: Vec<GrantId> = wishes.keys().copied().collect();
        rand::seq::SliceRandom::shuffle(planned.as_mut_slice(), random);
        let intents: Vec<_> =
            planned.iter().map(|id| trail::intent(Some(*id), StepKind::PutBinding, "a binding".to_owned())).collect();
        trail::commit(trail::open(&hands.worker, &lease, &intents, &[], &LockedRows::default()).await?).await?;
        if random.random_bool(0.1) {
            continue;
        }
        let ids: Vec<_> = intents.iter().map(|intent| (intent.id, intent.grant)).collect();
        trail::close(&hands.worker, &ids, &LockedRows::default(), Ok(None)).await?;
        let legs = wishes.into_iter().map(|(id, wish)| (id, proven(wish))).collect();
        match finish::finish(&worker, &lease, RunOutcome { legs, periodic: true, ..RunOutcome::default() }).await {
            // Another worker claimed it meanwhile.
            Err(latchkey::worker::Interrupted::Lost(_)) => {}
            other => drop(other?),
        }
    }
    Ok(())
}

async fn wishes(
    store: &Store,
    target: Target,
    epoch: i64,
) -> Result<BTreeMap<GrantId, Wish>, Box<dyn Error + Send + Sync>> {
    let mut snapshot = desired::snapshot(store).await?;
    Ok(match target {
        Target::Cluster(id) => {
            let read = desired::cluster(&mut snapshot, id, epoch).await?;
            read.into_iter().flat_map(|read| read.desired.grants).map(|grant| (grant.id, grant.wish)).collect()
        }
        Target::Principal(id) => {
            let read = desired::principal(&mut snapshot, id, None).await?;
            read.into_iter().flat_map(|read| read.desired.grants).map(|grant| (grant.id, grant.wish)).collect()
        }
    })
}

async fn pick(town: &Town, random: &mut StdRng, query: &str) -> Option<uuid::Uuid> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(town.owner.pool()).await.unwrap();
    ids.choose(random).copied()
}

/// Lets days pass with a live worker: every request is closed, every access ends.
async fn settle(scene: &Scene) {
    let hands = Hands::new(&scene.town, Commits::Kept).await;
    let mut random = StdRng::seed_from_u64(0);
    scene.town.advance(3 * 24 * 60).await;
    let begun = Instant::now();
    let open = "select (select count(*) from access_grant where state <> 'ended')
                     + (select count(*) from request where state = 'pending')";
    while scene.town.count(open).await > 0 {
        assert!(begun.elapsed() < Duration::from_mins(1), "something never ends");
        let statement = "update target set due_at = clock_timestamp(), lease_until = null";
        sqlx::query(statement).execute(scene.town.owner.pool()).await.unwrap();
        for done in [tick(&hands.worker).await, work(&hands, &mut random, LEASE).await] {
            done.map_err(|error| said(error.as_ref())).unwrap();
        }
    }
    while audit::seal(hands.worker.pool()).await.unwrap() > 0 {}
}
