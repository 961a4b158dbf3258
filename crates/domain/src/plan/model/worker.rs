//! A run of a worker, one step at a time, as `worker::cluster` makes it. Between any two steps it may be paused for any
//! time, or die.

use super::{
    database::{Database, Deletion, LEASE, ModelIntent},
    kept::Kept,
    world::{answer, moved},
};
use crate::plan::{
    bindings::BindingStep,
    cluster::{Plan, Step, plan},
    desired::{DesiredCluster, Wish},
    observation::ClusterObservation,
    proof::{
        AnswersByQuestion, AskedGrant, Judgement, Look, Question, left_behind, prove_gone, prove_present,
        questions_gone,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// The last part of a lease, in which no write is begun.
const LAST_CALL: SignedDuration = SignedDuration::from_secs(15);
/// The token of a run is refused after this time.
pub const TOKEN: SignedDuration = SignedDuration::from_mins(15);

/// A write on its way.
#[derive(Debug, Clone)]
pub struct Flight {
    pub worker: usize,
    pub epoch: i64,
    pub signed: Timestamp,
    pub step: Kept<Step>,
}

/// A run's own view.
#[derive(Debug, Clone)]
pub struct Run {
    pub epoch: i64,
    pub claimed: Timestamp,
    desired: Option<Kept<DesiredCluster>>,
    observed: Option<Kept<ClusterObservation>>,
    plan: Kept<Plan>,
    left: VecDeque<Kept<Step>>,
    wrote: bool,
    conflict: bool,
    /// When each grant's last binding was deleted.
    deleted: BTreeMap<u128, Timestamp>,
    found: Vec<(u128, Wish, bool)>,
}

#[derive(Debug, Clone)]
pub enum Phase {
    Idle,
    Observe(Run),
    Read(Run),
    /// Writes aws-auth unchanged to give it another version, so that a late write of an earlier run conflicts.
    PassBy(Run),
    CatchUp(Run),
    Record(Run),
    Write(Run),
    /// A write is on its way.
    Wait(Run),
    /// A mapping was written, and no row records it yet.
    Note(Run, Kept<Step>),
    LookAgain(Run),
    Prove(Run),
    Finish(Run),
}

/// What a worker may look at and change in one step.
pub struct Around<'a> {
    pub number: usize,
    pub now: Timestamp,
    pub database: &'a mut Database,
    pub cluster: &'a mut Kept<ClusterObservation>,
    pub flights: &'a mut Vec<Flight>,
    /// The observation that reviews are answered from.
    pub reviewed: Kept<ClusterObservation>,
}

impl Phase {
    /// The epoch of the current run.
    pub fn epoch(&self) -> Option<i64> {
        match self {
            Self::Idle => None,
            Self::Observe(run)
            | Self::Read(run)
            | Self::PassBy(run)
            | Self::CatchUp(run)
            | Self::Record(run)
            | Self::Write(run)
            | Self::Wait(run)
            | Self::Note(run, _)
            | Self::LookAgain(run)
            | Self::Prove(run)
            | Self::Finish(run) => Some(run.epoch),
        }
    }

    /// The next step. The caller lands a write in flight; see [`Phase::landed`].
    pub fn step(self, around: &mut Around<'_>) -> Self {
        let now = around.now;
        match self {
            Self::Idle => claim(around),
            Self::Observe(run) => Self::Read(Run { observed: Some(around.cluster.clone()), ..run }),
            Self::Read(run) if run.is_passing_by(around.database) => Self::PassBy(run),
            // What earlier runs left open is closed when rows are written.
            Self::Read(run) if around.database.has_dangling(run.epoch) && run.is_fenced_out(around.database) => {
                Self::Idle
            }
            Self::Read(run) => Self::CatchUp(read(run, around)),
            Self::PassBy(run) => pass_by(run, around),
            Self::CatchUp(run) => {
                if !run.is_fenced_out(around.database) {
                    around.database.catch_up(&run.plan);
                    return Self::Record(run);
                }
                Self::Idle
            }
            Self::Record(run) => {
                if run.is_fenced_out(around.database) {
                    return Self::Idle;
                }
                record(&run, around);
                Self::Write(run)
            }
            Self::Write(run) => write(run, around),
            Self::Wait(run) => Self::Wait(run),
            Self::Note(run, step) => {
                if !run.is_fenced_out(around.database) {
                    match &*step {
                        Step::AwsAuth(write) => around.database.wrote(write),
                        step => around.database.wrote_entry(step),
                    }
                }
                Self::Write(run)
            }
            Self::LookAgain(run) if run.wrote => Self::Prove(Run { observed: Some(around.cluster.clone()), ..run }),
            Self::LookAgain(run) => Self::Prove(run),
            Self::Prove(run) => Self::Finish(prove(run, around)),
            Self::Finish(run) => {
                if around.database.epoch == run.epoch {
                    for (id, wish, proven) in run.found {
                        around.database.judge(id, wish, proven, now);
                    }
                    around.database.leased_until = None;
                }
                Self::Idle
            }
        }
    }

    /// Continues after the outcome of its write.
    pub fn landed(self, taken: bool, step: Kept<Step>, database: &mut Database, now: Timestamp) -> Self {
        let Self::Wait(mut run) = self else { return self };
        run.wrote = true;
        if let Step::AwsAuth(_) = &*step {
            database.unmapping.retain(|epoch| *epoch != run.epoch);
        }
        if let Step::DeleteRole(leaving) = &*step {
            database.deleting.retain(|open| open.epoch != run.epoch || open.uid != leaving.uid);
        }
        if let Step::Binding { step, grant } = &*step {
            database.open.retain(|intent| intent.unseen || intent.epoch != run.epoch || intent.key != step.key());
            let gone = matches!(step, BindingStep::Empty(_) | BindingStep::Delete { .. });
            if let (true, Some(grant)) = (gone && taken, grant) {
                run.deleted.insert(grant.0.as_u128(), now);
            }
            if !taken {
                run.left.retain(
                    |other| !matches!(&**other, Step::Binding { step: other, .. } if other.key() == step.key()),
                );
            }
        }
        run.conflict |= !taken;
        match &*step {
            Step::AwsAuth(_) | Step::CreateEntry(_) | Step::DeleteEntry(_) if taken => Self::Note(run, step),
            _ => Self::Write(run),
        }
    }
}

fn claim(around: &mut Around<'_>) -> Phase {
    if around.database.leased_until.is_some_and(|until| until > around.now) {
        return Phase::Idle;
    }
    around.database.epoch += 1;
    around.database.leased_until = Some(around.now + LEASE);
    Phase::Observe(Run {
        epoch: around.database.epoch,
        claimed: around.now,
        desired: None,
        observed: None,
        plan: Kept::new(Plan::default()),
        left: VecDeque::new(),
        wrote: false,
        conflict: false,
        deleted: BTreeMap::new(),
        found: vec![],
    })
}

/// As with a write, the version that was read must still be there. After that, writes of earlier runs conflict.
fn pass_by(run: Run, around: &mut Around<'_>) -> Phase {
    if run.is_fenced_out(around.database) {
        return Phase::Idle;
    }
    let version =
        |seen: &ClusterObservation| Some(seen.kubernetes.as_ref()?.aws_auth.as_ref()?.resource_version.clone());
    if run.observed.as_deref().and_then(version) == version(around.cluster) {
        around.cluster.change(|cluster| cluster.kubernetes.as_mut()?.aws_auth.as_mut().map(moved));
    }
    around.database.unmapping.retain(|epoch| *epoch >= run.epoch);
    Phase::Observe(run)
}

fn read(mut run: Run, around: &mut Around<'_>) -> Run {
    let observed = run.observed.clone().unwrap();
    let state = observed.kubernetes.as_ref().unwrap();
    around.database.close_dangling(run.epoch, around.now, state);
    let desired = around.database.desired(run.epoch, around.now, state);
    run.plan = Kept::new(plan(&desired, &observed));
    run.left = run.plan.steps.iter().cloned().map(Kept::new).collect();
    run.desired = Some(Kept::new(desired));
    run.conflict = false;
    run
}

fn record(run: &Run, around: &mut Around<'_>) {
    for step in &run.plan.steps {
        match step {
            Step::AwsAuth(write) => {
                around.database.intend(&write.lines);
                if !write.removed.is_empty() {
                    around.database.unmapping.push(run.epoch);
                }
            }
            Step::Binding { step: BindingStep::Create(_), .. } => {
                let Step::Binding { step, .. } = step else { continue };
                around.database.open.push(ModelIntent {
                    epoch: run.epoch,
                    key: step.key(),
                    begun: around.now,
                    unseen: false,
                });
            }
            Step::DeleteRole(leaving) => {
                let (uid, begun) = (leaving.uid.clone(), around.now);
                around.database.deleting.push(Deletion { epoch: run.epoch, uid, begun });
            }
            Step::CreateEntry(entry) => around.database.intend_entry(entry),
            Step::Binding { .. } | Step::CreateRole { .. } | Step::DeleteEntry(_) => {}
        }
    }
}

fn write(mut run: Run, around: &mut Around<'_>) -> Phase {
    if run.left.is_empty() {
        return if run.conflict { Phase::Observe(run) } else { Phase::LookAgain(run) };
    }
    if around.now >= run.claimed + LEASE - LAST_CALL {
        return Phase::Idle;
    }
    let Some(step) = run.left.pop_front() else { return Phase::LookAgain(run) };
    around.flights.push(Flight { worker: around.number, epoch: run.epoch, signed: run.claimed, step });
    Phase::Wait(run)
}

fn prove(mut run: Run, around: &Around<'_>) -> Run {
    let (Some(desired), Some(observed)) = (&run.desired, &run.observed) else { return run };
    let look = Look::of(observed).unwrap();
    let reviewed = around.reviewed.kubernetes.as_ref().unwrap();
    let ask = |question: &Question| (question.clone(), answer(reviewed, question));
    let mut found = vec![];
    for grant in &desired.grants {
        let id = grant.id.0.as_u128();
        let bound = desired.mappings.iter().find(|row| row.principal == grant.terms.principal);
        let verdict = if grant.wish.is_present() {
            if run.plan.trouble.contains_key(&grant.id) {
                found.push((id, grant.wish, false));
                continue;
            }
            let Some(identity) = run.plan.identities.get(&grant.id) else { continue };
            let asked = AskedGrant::about(grant, identity, look.state);
            let answers: AnswersByQuestion = asked.questions.all().map(ask).collect();
            prove_present(desired, &asked, &look, &answers)
        } else if let Some(why) = left_behind(desired, grant, bound, &look) {
            Judgement::Unsettled(why)
        } else {
            let questions = questions_gone(grant, bound, &look);
            let answers: AnswersByQuestion = questions.iter().map(ask).collect();
            prove_gone(desired, grant, &questions, &look, [&answers, &answers], run.deleted.get(&id).copied())
        };
        found.push((id, grant.wish, matches!(verdict, Judgement::Proven { .. })));
    }
    run.found = found;
    run
}

impl Run {
    /// Whether an earlier run may still remove lines from aws-auth.
    fn is_passing_by(&self, database: &Database) -> bool {
        database.unmapping.iter().any(|epoch| *epoch < self.epoch)
    }

    /// Whether another worker has claimed the target since: what this run would write into rows is then out of date.
    fn is_fenced_out(&self, database: &Database) -> bool {
        database.epoch != self.epoch
    }
}
