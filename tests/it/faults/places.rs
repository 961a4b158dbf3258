//! The writes of a life, each told by what it is and by how many of its kind came before it, so that it can be found
//! again in another world; and how to make it fail there.

use super::{
    matrix::{Fault, RETRY_AFTER},
    promises::writes::{Write, writes},
};
use crate::worker::{PROD, World};
use latchkey_simulator::{
    aws::{self, ApiError},
    gate::Gate,
    kubernetes::{Failure, Pattern},
};
use std::{fmt, time::Duration};

/// A little longer than the worker waits for an answer.
const TOO_LATE: Duration = Duration::from_secs(11);

/// How often a life marks its cluster: once in each run that writes. On a loaded machine a run may be split in two, and
/// then marks the cluster once more than in another life.
const MARKS: usize = 5;

/// One write of a life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    write: Write,
    /// How many writes of its kind come before it.
    before: usize,
}

/// Every write that the worker made so far and makes in every such life.
pub fn places(world: &World) -> Vec<Place> {
    let writes = writes(world);
    let place = |(at, write): (usize, &Write)| {
        let before = writes[..at].iter().filter(|other| other.is_like(write)).count();
        Place { write: write.clone(), before }
    };
    writes.iter().enumerate().map(place).filter(Place::is_of_every_life).collect()
}

impl Place {
    /// How many writes of its kind came so far.
    pub fn count(&self, world: &World) -> usize {
        writes(world).iter().filter(|other| other.is_like(&self.write)).count()
    }

    /// Whether the write was made.
    pub fn is_past(&self, world: &World) -> bool {
        self.count(world) > self.before
    }

    /// Whether the write only takes away what gives no access: a mark, or a ClusterRole that nothing is bound to.
    pub fn is_a_mere_mark(&self) -> bool {
        self.write.verb == "UntagUser" || self.is_of_a_role_left()
    }

    /// Whether the write deletes a ClusterRole.
    pub fn is_of_a_role_left(&self) -> bool {
        (self.write.verb.as_str(), self.write.resource.as_str()) == ("delete", "clusterroles")
    }

    fn is_of_every_life(&self) -> bool {
        self.before < MARKS || self.write.name() != "patch configmaps latchkey"
    }

    fn is_iam(&self) -> bool {
        self.write.side == "iam"
    }

    fn action(&self) -> String {
        format!("iam:{}", self.write.verb)
    }

    fn pattern(&self) -> Pattern {
        let pattern = Pattern::on(&self.write.verb, &self.write.resource).by("latchkey-worker");
        if self.write.resource == "configmaps" { pattern.named(&self.write.object) } else { pattern }
    }

    fn skip(&self) -> u32 {
        u32::try_from(self.before).unwrap()
    }

    /// Stops the write at the gate.
    pub fn hold(&self, world: &World, gate: Gate) {
        if self.is_iam() {
            world.simulator.aws().faults().hold(&self.action(), self.before, gate);
        } else {
            world.knobs(PROD).hold(self.pattern(), self.skip(), gate);
        }
    }

    /// Makes the write fail: once, or until [`Place::heal`] if a right is missing.
    pub fn fail(&self, world: &World, fault: Fault) {
        let times = if fault == Fault::Forbidden { 1_000 } else { 1 };
        if self.is_iam() {
            let faults = world.simulator.aws().faults();
            faults.skip(&self.action(), self.before);
            faults.next(&self.action(), times, &in_iam(fault));
        } else {
            let times = u32::try_from(times).unwrap();
            world.knobs(PROD).fail_after(self.pattern(), self.skip(), on_a_cluster(fault), times);
        }
    }

    /// Gives the right that was missing.
    pub fn heal(world: &World) {
        world.simulator.aws().faults().clear();
        world.knobs(PROD).heal();
    }

    /// The right that the write needs, as sentences name it.
    pub fn right(&self) -> &'static str {
        match (self.write.verb.as_str(), self.write.resource.as_str()) {
            ("PutUserPolicy", _) => "iam:PutUserPolicy on arn:aws:iam::111122223333:user/latchkey/ana",
            ("DeleteUserPolicy", _) => "iam:DeleteUserPolicy on arn:aws:iam::111122223333:user/latchkey/ana",
            ("TagUser", _) => "iam:TagUser on arn:aws:iam::111122223333:user/latchkey/ana",
            ("UntagUser", _) => "iam:UntagUser on arn:aws:iam::111122223333:user/latchkey/ana",
            ("patch", _) if self.write.object == "aws-auth" => "patch configmaps named aws-auth",
            ("patch", _) => "patch configmaps named latchkey",
            ("delete", "clusterroles") => "delete clusterroles.rbac.authorization.k8s.io",
            ("create", "clusterroles") => "create clusterroles.rbac.authorization.k8s.io",
            ("create", "rolebindings") => "create rolebindings.rbac.authorization.k8s.io",
            ("create", _) => "create clusterrolebindings.rbac.authorization.k8s.io",
            ("update", "rolebindings") => "update rolebindings.rbac.authorization.k8s.io",
            ("update", _) => "update clusterrolebindings.rbac.authorization.k8s.io",
            ("delete", "rolebindings") => "delete rolebindings.rbac.authorization.k8s.io",
            (_, _) => "delete clusterrolebindings.rbac.authorization.k8s.io",
        }
    }
}

impl Write {
    fn is_like(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (number {})", self.write.name(), self.before + 1)
    }
}

fn in_iam(fault: Fault) -> aws::Fault {
    let fail = |status, code: &str| aws::Fault::Fail(ApiError::new(status, code, "failed by a knob"));
    match fault {
        Fault::TimeOut => aws::Fault::SilentAfterSuccess,
        Fault::Conflict => fail(409, "ConcurrentModification"),
        Fault::TooMany => aws::Fault::ThrottleFor(RETRY_AFTER),
        Fault::Internal => fail(500, "ServiceFailure"),
        Fault::Forbidden => fail(403, "AccessDenied"),
        Fault::CutBefore => aws::Fault::CutBefore,
        Fault::CutAfter => aws::Fault::CutAfter,
        Fault::DieBefore | Fault::DieAfter | Fault::Hang | Fault::HangAndGivenBack | Fault::ComesLast => {
            unreachable!("needs a gate")
        }
    }
}

fn on_a_cluster(fault: Fault) -> Failure {
    match fault {
        Fault::TimeOut => Failure::Late(TOO_LATE),
        Fault::Conflict => Failure::Conflict,
        Fault::TooMany => Failure::TooManyRequests(RETRY_AFTER),
        Fault::Internal => Failure::Internal,
        Fault::Forbidden => Failure::Forbidden,
        Fault::CutBefore => Failure::CutBefore,
        Fault::CutAfter => Failure::CutAfter,
        Fault::DieBefore | Fault::DieAfter | Fault::Hang | Fault::HangAndGivenBack | Fault::ComesLast => {
            unreachable!("needs a gate")
        }
    }
}
