//! The queries that the worker repeats all the time.

use crate::{
    figures::{Table, timed},
    history::History,
};
use jiff::Timestamp;
use latchkey::{
    actions::clock,
    store::{
        desired, heartbeats, intents, legs,
        targets::{self, Claimant},
    },
};
use latchkey_domain::access::{ClusterId, PrincipalId, Wake, blocker::Blocker, transition::Target};
use std::time::Duration;
use uuid::Uuid;

const SAMPLES: usize = 30;
const LEASE: Duration = Duration::from_mins(1);
const AT_ONCE: u32 = 16;
const HOLDER: &str = "a bench";

/// One of the worker's queries.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// Every 250 ms: the changes that are due by time, and a claim of what is due.
    Tick,
    /// A claim of sixteen targets, and their return.
    Claim,
    /// What a run on a cluster reads before it plans.
    Cluster,
    /// The same for a principal.
    Principal,
    /// The wake of a revocation.
    Wake,
}

const LOOKS: [(Look, &str); 5] = [
    (Look::Tick, "worker: a look where nothing is due"),
    (Look::Claim, "worker: a claim of sixteen targets, given back"),
    (Look::Cluster, "worker: what a run on the busiest cluster reads"),
    (Look::Principal, "worker: what a run on the busiest IAM user reads"),
    (Look::Wake, "the wake of a revocation on both"),
];

/// Times each over both histories, alternating.
pub async fn measure(small: &History, large: &History, table: &mut Table) {
    let both = [Work::over(small).await, Work::over(large).await];
    for (look, name) in LOOKS {
        let mut samples = [Vec::new(), Vec::new()];
        for sample in 0..=SAMPLES {
            for (work, samples) in both.iter().zip(&mut samples) {
                let ((), took) = timed(work.look(look)).await;
                if sample > 0 {
                    samples.push(took);
                }
            }
        }
        let [small, large] = samples;
        table.add(name, small, large);
    }
}

struct Work<'a> {
    history: &'a History,
    cluster: ClusterId,
    principal: PrincipalId,
}

impl<'a> Work<'a> {
    async fn over(history: &'a History) -> Self {
        let id = async |query: &str| -> Uuid { history.text(query).await.parse().unwrap() };
        let cluster = ClusterId(id("select id::text from cluster where name = 'prod-eu'").await);
        let query =
            "select i.id::text from principal i join person p on p.id = i.person_id where p.handle = 'overseer'";
        let principal = PrincipalId(id(query).await);
        heartbeats::beat(&history.town.worker, HOLDER, Timestamp::now(), std::time::Duration::ZERO).await.unwrap();
        // The town's own access is due, and the clock starts it: done before the measurement.
        clock::start_due(&history.town.worker).await.unwrap();
        history
            .text("with rest as (update target set due_at = now() + interval '1 hour' returning 1) select 'rests'")
            .await;
        Self { history, cluster, principal }
    }

    async fn look(&self, look: Look) {
        match look {
            Look::Tick => self.tick().await,
            Look::Claim => self.claim().await,
            Look::Cluster => self.cluster().await,
            Look::Principal => self.principal().await,
            Look::Wake => self.wake().await,
        }
    }

    async fn tick(&self) {
        let store = &self.history.town.worker;
        clock::expire_due(store).await.unwrap();
        clock::start_due(store).await.unwrap();
        clock::lapse_due(store).await.unwrap();
        targets::clock_skew(store, Timestamp::now()).await.unwrap();
        let claimant = Claimant { holder: HOLDER, at: Timestamp::now(), in_hand: &[] };
        assert_eq!(targets::claim(store, &claimant, LEASE, targets::Room::any(AT_ONCE)).await.unwrap(), []);
    }

    async fn claim(&self) {
        let store = &self.history.town.worker;
        sqlx::query(
            "update target set due_at = clock_timestamp() where (kind, key) in
               (select kind, key from target order by kind, key limit 16)",
        )
        .execute(self.history.town.owner.pool())
        .await
        .unwrap();
        let claimant = Claimant { holder: HOLDER, at: Timestamp::now(), in_hand: &[] };
        let claims = targets::claim(store, &claimant, LEASE, targets::Room::any(AT_ONCE)).await.unwrap();
        assert_eq!(claims.len(), AT_ONCE as usize);
        let rests = Blocker::said("rests");
        for claim in claims {
            let failure = (&rests, "rests");
            targets::give_back(store, claim.target, claim.epoch, Duration::from_hours(1), failure).await.unwrap();
        }
    }

    async fn cluster(&self) {
        let store = &self.history.town.worker;
        let target = Target::Cluster(self.cluster);
        legs::changing(store, target, i64::MAX).await.unwrap();
        intents::dangling(store, target, i64::MAX).await.unwrap();
        intents::deletes(store, target).await.unwrap();
        let mut snapshot = desired::snapshot(store).await.unwrap();
        let read = desired::cluster(&mut snapshot, self.cluster, 9).await.unwrap().unwrap();
        assert!(read.desired.grants.len() >= 60, "{}", read.desired.grants.len());
        let names = vec!["latchkey:nobody:1".to_owned()];
        desired::taken_out(&mut snapshot, self.cluster, &names).await.unwrap();
    }

    async fn principal(&self) {
        let store = &self.history.town.worker;
        let target = Target::Principal(self.principal);
        intents::dangling(store, target, i64::MAX).await.unwrap();
        intents::arrives_within(store, target).await.unwrap();
        let mut snapshot = desired::snapshot(store).await.unwrap();
        desired::principal(&mut snapshot, self.principal, None).await.unwrap().unwrap();
    }

    async fn wake(&self) {
        let mut tx = self.history.town.worker.begin().await.unwrap();
        let targets = [Target::Cluster(self.cluster), Target::Principal(self.principal)];
        tx.wake(targets.map(|target| Wake { target, revoking: true }).to_vec()).await.unwrap();
        // Rolled back, so that nothing is due.
    }
}
