//! Promises 6 and 8 about writes: each had an intent before it, each has an outcome once a worker has done everything,
//! and the audit log tells of both.

use super::{
    When,
    ledger::{Intent, Ledger},
};
use crate::worker::{PROD, World};
use jiff::Timestamp;

/// The worker's name at the API server.
const WORKER: &str = "latchkey-worker";

pub fn check(world: &World, ledger: &Ledger, when: When) {
    for write in writes(world) {
        let mut before = ledger.intents.iter().filter(|intent| intent.recorded() <= write.at);
        assert!(before.any(|intent| write.is_meant_by(intent)), "6: no intent before {}", write.name());
    }
    if when == When::Always {
        return;
    }
    let open: Vec<_> = ledger.intents.iter().filter(|intent| intent.finished_at.is_none()).collect();
    assert!(open.is_empty(), "8: intents without an outcome: {open:?}");
    for grant in &ledger.grants {
        let run = |event: &&super::ledger::Event| (event.detail["target"].clone(), event.detail["epoch"].clone());
        let ended: Vec<_> = ledger.of(grant, "grant.change_ended").collect();
        for begun in ledger.of(grant, "grant.change_begun") {
            let has_end = ended.iter().any(|event| run(event) == run(&begun));
            assert!(has_end, "8: a change without an outcome: {} on {}", begun.detail, grant.profile);
        }
    }
}

/// A write of the worker's that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// `kubernetes` or `iam`.
    pub side: &'static str,
    /// Such as `create` or `PutUserPolicy`.
    pub verb: String,
    /// Plural name, or `user`.
    pub resource: String,
    /// As the log has it.
    pub object: String,
    pub at: Timestamp,
}

impl Write {
    /// What the write does, in words that are the same in each world.
    pub fn name(&self) -> String {
        let object = if self.resource == "configmaps" { format!(" {}", self.object) } else { String::new() };
        format!("{} {}{object}", self.verb, self.resource)
    }

    fn is_meant_by(&self, intent: &Intent) -> bool {
        let step = intent.step.as_str();
        let named = intent.detail["name"] == self.object.as_str();
        match (self.side, self.verb.as_str(), self.resource.as_str()) {
            ("iam", "PutUserPolicy", _) => step == "put_policy",
            ("iam", "DeleteUserPolicy", _) => step == "delete_policy",
            ("iam", "TagUser", _) => step == "tag_principal",
            ("iam", "UntagUser", _) => step == "untag_principal",
            ("kubernetes", "create", "clusterroles") => step == "create_role" && intent.object.ends_with(&self.object),
            ("kubernetes", "delete", "clusterroles") => step == "delete_role" && intent.object.ends_with(&self.object),
            ("kubernetes", "create", _) => named && matches!(step, "create_binding" | "block_binding"),
            ("kubernetes", "update", _) => named && matches!(step, "put_binding" | "empty_binding"),
            ("kubernetes", "delete", _) => named && step == "delete_binding",
            ("kubernetes", "patch", _) if self.object == "aws-auth" => {
                matches!(step, "add_mapping" | "remove_mapping" | "write_aws_auth")
            }
            // The marker is written before a run's first write, and after its intents.
            ("kubernetes", "patch", _) => intent.target_kind == "cluster",
            _ => false,
        }
    }
}

/// Every write that the worker sent so far, in the order in which they arrived on each side.
pub fn writes(world: &World) -> Vec<Write> {
    let cluster = world.knobs(PROD).requests().into_iter().filter(|request| {
        request.user == WORKER
            && matches!(request.verb.as_str(), "create" | "update" | "patch" | "delete")
            && !request.resource.ends_with("accessreviews")
    });
    let cluster = cluster.map(|request| Write {
        side: "kubernetes",
        verb: request.verb,
        resource: request.resource,
        object: request.name,
        at: request.at,
    });
    let iam =
        world.simulator.aws().faults().calls().into_iter().filter(|call| {
            call.service == "iam" && !call.action.starts_with("Get") && !call.action.starts_with("List")
        });
    let iam = iam.map(|call| Write {
        side: "iam",
        verb: call.action,
        resource: "user".into(),
        object: String::new(),
        at: call.at,
    });
    cluster.chain(iam).collect()
}
