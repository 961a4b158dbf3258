//! Everything that portal, worker and operator do in one transaction, or in a few, over the rows of a scene.

use super::scene::{Hands, Scene, ask, new_id, nobody_looks, policy, without_staging, without_view};
use crate::town::Town;
use latchkey::{
    actions::{clock, grants, identities, own, requests},
    config,
    lease::Lease,
    store::{
        audit,
        fence::{self, SetUpAgain},
        intents::Dangling,
        people, policies,
        quarantine::LockedRows,
        targets,
    },
    worker::{
        finish::{self, LegFound, LegOutcome, RunOutcome},
        trail,
    },
};
use latchkey_domain::{
    access::{
        GrantId, became::Became, blocker::Blocker, compared::Compared, evidence::Evidence, grant::Cause,
        request::Verdict, step_kind::StepKind, transition::Target,
    },
    eks::aws_auth::Key,
    plan::{
        authenticator::{Identity, MappingKind, OwnLine},
        cluster::{AwsAuthWrite, Reserved, Settled},
        desired::Wish,
    },
};
use std::{error::Error, time::Duration};

/// One thing that the portal, a worker or an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Submit,
    SubmitAutomatic,
    ApproveLast,
    ApproveFirst,
    Deny,
    Cancel,
    GiveBack,
    Revoke,
    DropProfile,
    ChangePolicy,
    ProveAgain,
    ProveReplaced,
    EndReplaced,
    Release,
    EndRefused,
    DropCluster,
    SignIn,
    Lapse,
    Start,
    Expire,
    FinishCluster,
    FinishOtherCluster,
    FinishPrincipal,
    FinishReplaced,
    BeginTrail,
    CloseDangling,
    CatchUp,
    WroteAwsAuth,
    Fence,
    AcceptRestore,
    GiveTargetBack,
    Seal,
}

pub const ALL: [Act; 32] = [
    Act::Submit,
    Act::SubmitAutomatic,
    Act::ApproveLast,
    Act::ApproveFirst,
    Act::Deny,
    Act::Cancel,
    Act::GiveBack,
    Act::Revoke,
    Act::DropProfile,
    Act::ChangePolicy,
    Act::ProveAgain,
    Act::ProveReplaced,
    Act::EndReplaced,
    Act::Release,
    Act::EndRefused,
    Act::DropCluster,
    Act::SignIn,
    Act::Lapse,
    Act::Start,
    Act::Expire,
    Act::FinishCluster,
    Act::FinishOtherCluster,
    Act::FinishPrincipal,
    Act::FinishReplaced,
    Act::BeginTrail,
    Act::CloseDangling,
    Act::CatchUp,
    Act::WroteAwsAuth,
    Act::Fence,
    Act::AcceptRestore,
    Act::GiveTargetBack,
    Act::Seal,
];

type Done = Result<(), Box<dyn Error + Send + Sync>>;

impl Act {
    /// Does it over these connections.
    pub async fn run(self, scene: &Scene, hands: &Hands) -> Done {
        let (town, web, worker) = (&scene.town, &hands.web, &hands.worker);
        let grant = |name: &str| scene.grants[name];
        let request = |name: &str| scene.requests[name];
        match self {
            Self::Submit => {
                let form = ask("prod-eu", "view", "payments-batch");
                requests::submit(web, town.visitor("ana"), &form.wanted()).await?;
            }
            Self::SubmitAutomatic => {
                requests::submit(web, town.visitor("ana"), &ask("prod-eu", "view", "checkout").wanted()).await?;
            }
            Self::ApproveLast => self.vote(scene, hands, "ben", "open").await?,
            Self::ApproveFirst => self.vote(scene, hands, "ben", "of two").await?,
            Self::Deny => self.vote(scene, hands, "chi", "open").await?,
            Self::Cancel => requests::cancel(web, town.visitor("ana"), request("open")).await?,
            Self::GiveBack => grants::give_back(web, town.visitor("ana"), grant("active")).await?,
            Self::Revoke => grants::revoke(web, town.visitor("dee"), grant("elsewhere"), "a test").await?,
            Self::DropProfile => apply(hands, &without_view(), &["view".to_owned()]).await?,
            Self::ChangePolicy => apply(hands, &policy().replace("\"8h\"", "\"7h\""), &[]).await?,
            Self::ProveAgain => {
                own::seeded(web, town.person("ana"), &Town::arn("ana"), "AIDAANA").await?;
            }
            Self::ProveReplaced => {
                own::seeded(web, town.person("ana"), &Town::arn("ana"), "AIDANEW").await?;
            }
            Self::EndReplaced => identities::end_replaced(worker, scene.ana, "a test").await?,
            Self::Release => identities::release(web, town.visitor("dee"), scene.ana, "ana", "a test").await?,
            Self::EndRefused => apply(hands, &nobody_looks(), &[]).await?,
            Self::DropCluster => apply(hands, &without_staging(), &["staging-eu".to_owned()]).await?,
            Self::SignIn => {
                people::arrive(web, &Town::arrival("ana", &["developers"])).await?;
            }
            Self::Lapse => {
                clock::lapse_due(worker).await?;
            }
            Self::Start => {
                clock::start_due(worker).await?;
            }
            Self::Expire => {
                clock::expire_due(worker).await?;
            }
            Self::FinishCluster => self.finish(scene, hands, Target::Cluster(scene.prod)).await?,
            Self::FinishOtherCluster => self.finish(scene, hands, Target::Cluster(scene.staging)).await?,
            Self::FinishPrincipal | Self::FinishReplaced => {
                self.finish(scene, hands, Target::Principal(scene.ana)).await?;
            }
            Self::BeginTrail => begin_trail(scene, hands).await?,
            Self::CloseDangling => close_dangling(scene, hands).await?,
            Self::CatchUp => catch_up(scene, hands).await?,
            Self::WroteAwsAuth => wrote_aws_auth(scene, hands).await?,
            Self::Fence => {
                let lease = scene.lease(Target::Cluster(scene.prod));
                fence::set(worker, scene.prod, lease.epoch(), &Blocker::said("a test"), "a test").await?;
            }
            Self::AcceptRestore => {
                fence::ask_to_look(&hands.owner, &"staging-eu".parse()?).await?;
                fence::accept(&hands.owner, scene.looked(), "a test", &SetUpAgain::All).await?;
            }
            Self::GiveTargetBack => {
                let lease = scene.lease(Target::Cluster(scene.prod));
                let (why, rest) = (Blocker::said("a test"), Duration::from_secs(2));
                targets::give_back(worker, lease.target(), lease.epoch(), rest, (&why, "a test")).await?;
            }
            Self::Seal => {
                audit::seal(worker.pool()).await?;
            }
        }
        Ok(())
    }

    async fn vote(self, scene: &Scene, hands: &Hands, who: &str, name: &str) -> Done {
        let id = scene.requests[name];
        let (verdict, reason) = match self {
            Self::Deny => (Verdict::Deny, Some("a test".to_owned())),
            _ => (Verdict::Approve, None),
        };
        let form = requests::VoteForm { verdict, reason, seen: scene.town.seen(id).await, uses_role: None };
        requests::vote(&hands.web, scene.town.visitor(who), id, form).await?;
        Ok(())
    }

    /// Finishes a run that proved everything of the target.
    async fn finish(self, scene: &Scene, hands: &Hands, target: Target) -> Done {
        let lease = scene.lease(target);
        let on = |name: &str| match target {
            Target::Principal(_) => matches!(name, "active" | "elsewhere" | "other" | "revoking"),
            Target::Cluster(id) if id == scene.prod => matches!(name, "active" | "other" | "theirs"),
            Target::Cluster(_) => matches!(name, "elsewhere" | "late" | "revoking"),
        };
        let legs = scene.grants.iter().filter(|(name, _)| on(name)).map(|(name, id)| {
            let wish = match *name {
                "revoking" => Wish::Revoke { since: jiff::Timestamp::now() },
                "other" => Wish::Provision,
                _ => Wish::Keep,
            };
            (*id, proven(wish))
        });
        let mut outcome = RunOutcome { legs: legs.collect(), periodic: true, ..RunOutcome::default() };
        if self == Self::FinishReplaced {
            let end = |name: &str| (scene.grants[name], Cause::PrincipalReplaced, "a test".to_owned());
            outcome.revoke = vec![end("other"), end("active")];
        }
        finish::finish(&hands.worker_process(), lease, outcome).await?;
        Ok(())
    }
}

/// What a run found of a leg that is where it should be.
pub fn proven(wish: Wish) -> LegOutcome {
    let found = LegFound::Proven(Evidence::default());
    LegOutcome { wish, found, attempts: 0, stood: None, compared: Some(Compared::Same), wider: None }
}

pub async fn apply(hands: &Hands, text: &str, drain: &[String]) -> Done {
    let file = config::policy::parse(text).map_err(|faults| format!("{faults:?}"))?;
    let hash = config::policy::hash(text);
    let application = policies::Application {
        file: &file,
        hash: &hash,
        body: text,
        expected: None,
        drain,
        end_refused: true,
        by: "a test",
    };
    policies::apply(&hands.owner, &application).await?;
    Ok(())
}

/// Intents in the planner's order, in which what ends comes first, not in the order of the ids.
async fn begin_trail(scene: &Scene, hands: &Hands) -> Done {
    let lease = scene.lease(Target::Cluster(scene.staging));
    let grants = ["revoking", "late", "elsewhere"].map(|name| scene.grants[name]);
    let intents = grants.map(|id| trail::intent(Some(id), StepKind::PutBinding, "a binding".to_owned()));
    let mut tx = trail::open(&hands.worker, lease, &intents, &[], &LockedRows::default()).await?;
    let line = OwnLine {
        principal: scene.ana,
        visit: 1,
        username: "latchkey:ana:1".to_owned(),
        key: Key::MapUsers,
        inserted: "a line".to_owned(),
        text_before: None,
    };
    tx.intend_lines(&[line]).await?;
    Ok(trail::commit(tx).await?)
}

async fn close_dangling(scene: &Scene, hands: &Hands) -> Done {
    let lease: &Lease = scene.lease(Target::Cluster(scene.prod));
    let open = |grant: GrantId| Dangling {
        id: new_id(),
        epoch: 0,
        grant: Some(grant),
        step: StepKind::PutBinding.into(),
        object: "a binding".to_owned(),
        detail: serde_json::json!({}),
    };
    let dangling = ["other", "active"].map(|name| (Became::InterruptedSeen, open(scene.grants[name])));
    Ok(trail::close_dangling(&hands.worker, lease, dangling.to_vec()).await?)
}

async fn catch_up(scene: &Scene, hands: &Hands) -> Done {
    let mut tx = trail::held(&hands.worker, scene.lease(Target::Cluster(scene.staging))).await?;
    tx.settle_mappings(&[Settled::Removed(scene.ana, 1)]).await?;
    let identity = Identity {
        username: "latchkey:ana:1".to_owned(),
        mapped: "latchkey:ana:1".to_owned(),
        groups: vec![],
        visit: 1,
        own: true,
        kind: MappingKind::Line,
    };
    tx.reserve_mappings(std::iter::once(&Reserved { principal: scene.ana, identity })).await?;
    Ok(trail::commit(tx).await?)
}

async fn wrote_aws_auth(scene: &Scene, hands: &Hands) -> Done {
    let mut tx = trail::held(&hands.worker, scene.lease(Target::Cluster(scene.staging))).await?;
    let write = AwsAuthWrite {
        resource_version: "1".to_owned(),
        key: Key::MapUsers,
        before: None,
        after: None,
        lines: vec![],
        removed: vec![(scene.ana, 1)],
        rebased: vec![],
        grants: vec![],
    };
    tx.wrote_aws_auth(&write).await?;
    Ok(trail::commit(tx).await?)
}
