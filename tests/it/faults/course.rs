//! One life: an access is asked for, approved and set up; a second one of the same person on the same cluster overlaps
//! it; the binding of the first is changed; the first is given back, and the second expires.

use super::promises::{Promises, When};
use crate::{
    town::{nodes, view},
    worker::{PROD, World, own_roles::edited, sentence},
};
use latchkey::web::AskForm;
use latchkey::{
    actions::requests::{NotDecided, NotSubmitted, VoteOutcome},
    worker::{Worker, run_once},
};
use latchkey_domain::access::{GrantId, RequestId, request::Verdict};
use latchkey_simulator::seed::AuthenticationMode;
use std::time::{Duration, Instant};

/// What people and time do, each in one transaction of the portal or in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    AskToLook,
    ApproveLook,
    AskForNodes,
    ApproveNodesFirst,
    ApproveNodesLast,
    /// The holder adds a subject to the first access's binding.
    Meddle,
    GiveBackLook,
    /// Until the second access is over.
    TimePasses,
    /// The policy gives the second access's profile other rules, so that nothing needs its ClusterRole any more.
    EditNodes,
}

/// A step of the life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Act(Act),
    /// The worker carries out what was decided.
    Work,
}

/// The whole life.
pub const LIFE: [Step; 13] = [
    Step::Act(Act::AskToLook),
    Step::Act(Act::ApproveLook),
    Step::Work,
    Step::Act(Act::AskForNodes),
    Step::Act(Act::ApproveNodesFirst),
    Step::Act(Act::ApproveNodesLast),
    Step::Work,
    Step::Act(Act::Meddle),
    Step::Work,
    Step::Act(Act::GiveBackLook),
    Step::Work,
    Step::Act(Act::TimePasses),
    Step::Work,
];

/// What follows if the deletion of a ClusterRole is tried, too.
pub const ROLE_LEFT: [Step; 2] = [Step::Act(Act::EditNodes), Step::Work];

/// The holder of both accesses.
pub const WHO: &str = "ana";

/// How long a worker may take to carry out what was decided, on a loaded machine, with a call that times out.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A life under way.
pub struct Course {
    pub world: World,
    pub promises: Promises,
    asked: Vec<RequestId>,
    /// The accesses in the order of their approval, and the state of each once a worker has run.
    pub grants: Vec<(GrantId, &'static str)>,
    /// Whether the first access's binding was changed.
    meddled: bool,
    /// Whether the policy was edited.
    edited: bool,
}

impl Course {
    pub async fn new() -> Self {
        Self::in_mode(AuthenticationMode::ConfigMap).await
    }

    /// The same on a cluster in this authentication mode.
    pub async fn in_mode(mode: AuthenticationMode) -> Self {
        let world = World::in_mode(mode).await;
        let promises = Promises::of(&world);
        Self { world, promises, asked: vec![], grants: vec![], meddled: false, edited: false }
    }

    /// A worker that does not die.
    pub fn worker(&self) -> Worker {
        self.world.next_worker()
    }

    /// Does what people do, or what time does.
    pub async fn act(&mut self, act: Act) {
        let town = &self.world.town;
        match act {
            Act::AskToLook => self.asked.push(town.asks(WHO, view()).await),
            Act::AskForNodes => self.asked.push(town.asks(WHO, nodes()).await),
            Act::ApproveNodesFirst => {
                let outcome = town.vote("ben", self.asked[1], Verdict::Approve).await.unwrap();
                assert_eq!(outcome, VoteOutcome::Waiting { approvals: 1 });
            }
            Act::ApproveLook => self.approve("ben", 0).await,
            Act::ApproveNodesLast => self.approve("chi", 1).await,
            Act::Meddle => {
                let mut binding = self.binding_of_look().expect("the first access is bound");
                binding["subjects"].as_array_mut().unwrap().push(serde_json::json!(
                    { "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory" }
                ));
                self.world.objects(PROD).put_raw(binding, WHO).unwrap();
                self.meddled = true;
                self.world.rests_are_over().await;
            }
            Act::GiveBackLook => {
                self.world.give_back(WHO, self.grants[0].0).await;
                self.grants[0].1 = "ended";
            }
            Act::TimePasses => {
                town.advance(61).await;
                self.grants[1].1 = "ended";
            }
            Act::EditNodes => {
                town.apply_policy(&edited()).await;
                self.edited = true;
                self.world.rests_are_over().await;
            }
        }
    }

    async fn approve(&mut self, by: &str, asked: usize) {
        let outcome = self.world.town.vote(by, self.asked[asked], Verdict::Approve).await.unwrap();
        let VoteOutcome::Approved(grant) = outcome else { panic!("not approved: {outcome:?}") };
        self.grants.push((grant, "active"));
    }

    /// Repeats an act, as people do who do not know whether it counted: it counted, and is not done twice.
    pub async fn act_again(&self, act: Act) {
        let town = &self.world.town;
        let submit = async |form: &AskForm| {
            latchkey::actions::requests::submit(&town.web, town.visitor(WHO), &form.wanted()).await.unwrap_err()
        };
        let vote = async |by: &str, asked: usize| town.vote(by, self.asked[asked], Verdict::Approve).await.unwrap_err();
        match act {
            Act::AskToLook => assert!(matches!(submit(&view()).await, NotSubmitted::Problems(_))),
            Act::AskForNodes => assert!(matches!(submit(&nodes()).await, NotSubmitted::Problems(_))),
            Act::ApproveLook => assert!(matches!(vote("ben", 0).await, NotDecided::Closed(..))),
            Act::ApproveNodesFirst => assert!(matches!(vote("ben", 1).await, NotDecided::Refused(_))),
            Act::ApproveNodesLast => assert!(matches!(vote("chi", 1).await, NotDecided::Closed(..))),
            Act::GiveBackLook => {
                let again = latchkey::actions::grants::give_back(&town.web, town.visitor(WHO), self.grants[0].0).await;
                assert!(again.unwrap_err().to_string().contains("already"));
            }
            Act::Meddle | Act::TimePasses | Act::EditNodes => {}
        }
    }

    /// Acts while the portal dies in its commit: the act did not happen.
    pub async fn act_and_die(&self, act: Act) {
        let town = &self.world.town;
        let refused = match act {
            Act::AskToLook => latchkey::actions::requests::submit(&town.web, town.visitor(WHO), &view().wanted())
                .await
                .err()
                .is_some(),
            Act::AskForNodes => latchkey::actions::requests::submit(&town.web, town.visitor(WHO), &nodes().wanted())
                .await
                .err()
                .is_some(),
            Act::ApproveLook => town.vote("ben", self.asked[0], Verdict::Approve).await.is_err(),
            Act::ApproveNodesFirst => town.vote("ben", self.asked[1], Verdict::Approve).await.is_err(),
            Act::ApproveNodesLast => town.vote("chi", self.asked[1], Verdict::Approve).await.is_err(),
            Act::GiveBackLook => {
                latchkey::actions::grants::give_back(&town.web, town.visitor(WHO), self.grants[0].0).await.is_err()
            }
            Act::Meddle | Act::TimePasses | Act::EditNodes => return,
        };
        assert!(refused, "{act:?} was answered though the portal died");
    }

    /// From now on, or no longer, each session that commits an audit event ends while it commits.
    pub async fn end_whoever_commits(&self, ends: bool) {
        let statements: &[&str] = if ends {
            &[
                "create function end_it() returns trigger language plpgsql security definer as
                 $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$",
                "create constraint trigger end_it after insert on event deferrable initially deferred
                 for each row execute function end_it()",
            ]
        } else {
            &["drop trigger end_it on event", "drop function end_it"]
        };
        for statement in statements {
            sqlx::query(*statement).execute(self.world.town.owner.pool()).await.unwrap();
        }
    }

    fn binding_of_look(&self) -> Option<serde_json::Value> {
        let label = self.grants.first()?.0.to_string();
        let of_look = |binding: &serde_json::Value| binding["metadata"]["labels"]["latchkey/grant"] == label.as_str();
        self.world.bindings(PROD).into_iter().find(of_look)
    }

    /// Whether every access is in the state that was decided.
    pub async fn is_there(&self) -> bool {
        for (grant, wanted) in &self.grants {
            if self.world.state(*grant).await != *wanted {
                return false;
            }
        }
        if self.edited && !self.role_is_settled().await {
            return false;
        }
        // The binding that was changed is as it was.
        self.binding_of_look().is_none_or(|binding| binding["subjects"].as_array().is_some_and(|all| all.len() < 2))
    }

    /// Whether the ClusterRole that nothing needs is gone, or the right to delete it is missing.
    async fn role_is_settled(&self) -> bool {
        let refused = "code = 'failed' and blocker ->> 'code' = 'refused'";
        self.world.own_roles().is_empty() || self.world.deletions(refused).await > 0
    }

    /// One call of this worker, whatever comes of it.
    pub async fn run(&self, worker: &Worker) {
        let _ = run_once(worker).await;
    }

    /// Lets this worker carry out what was decided.
    pub async fn work(&self, worker: &Worker) {
        let begun = Instant::now();
        loop {
            self.run(worker).await;
            if self.is_there().await {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "not there: {}", self.trouble().await);
            self.world.rests_are_over().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The same after a worker died or hung: its time is over, and its writes have arrived.
    pub async fn recover(&self, worker: &Worker) {
        self.world.time_of_dead_workers_is_over().await;
        self.world.rests_are_over().await;
        self.work(worker).await;
    }

    /// Ends the leases of dead workers; their writes may still arrive.
    pub async fn leases_are_over(&self) {
        sqlx::query("update target set lease_until = clock_timestamp() where lease_until is not null")
            .execute(self.world.town.owner.pool())
            .await
            .unwrap();
    }

    /// The holder gives back every live access.
    pub async fn end_all(&mut self) {
        for (grant, wanted) in &mut self.grants {
            if !matches!(self.world.state(*grant).await.as_str(), "revoking" | "ended") {
                self.world.give_back(WHO, *grant).await;
            }
            *wanted = "ended";
        }
    }

    /// The longest rest of a leg whose blocker says this.
    pub async fn longest_rest(&self, says: &str) -> Option<Duration> {
        let legs: Vec<(f64, String)> = sqlx::query_as(
            "select extract(epoch from next_try - clock_timestamp())::float8, latchkey_blocker(error, code, blocker)
             from grant_leg where next_try is not null and condition <> 'ok'",
        )
        .fetch_all(self.world.town.owner.pool())
        .await
        .unwrap();
        let resting = legs.iter().filter(|(_, why)| sentence(why).contains(says)).map(|(seconds, _)| *seconds);
        resting.max_by(f64::total_cmp).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// Whether a leg waits for a person to act.
    pub async fn is_blocked(&self) -> bool {
        self.world.town.count("select count(*) from grant_leg where condition = 'blocked'").await > 0
    }

    /// Asserts what must hold at any moment, also right after a death.
    pub async fn check_always(&self) {
        self.promises.check(&self.world, When::Always).await;
    }

    /// Asserts what must hold once a worker has done everything: nothing is left to do. Each target that is due has
    /// been looked at without a failure since the time of dead workers was over; on a loaded machine that may take more
    /// than one look.
    pub async fn check_at_rest(&self, worker: &Worker) {
        self.world.time_of_dead_workers_is_over().await;
        let deadline = Instant::now() + PATIENCE;
        let now = "select clock_timestamp()::text";
        let since: String = sqlx::query_scalar(now).fetch_one(self.world.town.owner.pool()).await.unwrap();
        loop {
            self.world.rests_are_over().await;
            self.run(worker).await;
            let unlooked = self.not_looked_at(&since).await;
            // A worker that was ended while it sealed keeps the chain locked until its connection is gone.
            let unsealed = self.world.town.unsealed().await;
            if unlooked.is_empty() && unsealed == 0 {
                break;
            }
            assert!(Instant::now() < deadline, "{unsealed} events not sealed; {}", unlooked.join("; "));
        }
        self.promises.check(&self.world, When::AtRest).await;
        self.check_what_was_found().await;
    }

    /// The targets whose last look is older than this, failed, or is still under way.
    async fn not_looked_at(&self, since: &str) -> Vec<String> {
        sqlx::query_scalar(
            "select kind || ' ' || key || coalesce(': ' || failure, '') from target
             where due_at is not null
               and (ran_at is null or ran_at < $1::timestamptz or lease_until is not null or failure is not null)",
        )
        .bind(since)
        .fetch_all(self.world.town.owner.pool())
        .await
        .unwrap()
    }

    /// A change by another client is told once, whatever became of the run that found it and put it right.
    async fn check_what_was_found(&self) {
        let found = self.world.events("grant.drift_found").await;
        let told: Vec<&str> = found.iter().filter_map(|event| event["detail"]["what"].as_str()).collect();
        let mallory = told.iter().any(|what| what.contains("mallory"));
        assert_eq!(mallory, self.meddled, "who was bound besides: {told:?}");
        let once: std::collections::BTreeSet<&str> = told.iter().copied().collect();
        assert_eq!(told.len(), once.len(), "told more than once: {told:?}");
    }

    pub async fn trouble(&self) -> String {
        let mut said = Vec::new();
        for (grant, wanted) in &self.grants {
            let (state, trouble) = (self.world.state(*grant).await, self.world.trouble(*grant).await);
            said.push(format!("{state}, should be {wanted} ({trouble})"));
        }
        said.join("; ")
    }
}
