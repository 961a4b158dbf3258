//! One target: what is the matter, what to do, and what the worker did last.

use super::{At, address};
use crate::{
    actions::targets::LONGEST_REASON,
    store::read::target::{self, LegRow, TargetDetail, WriteRow},
    web::{
        Failure, SignedIn, State,
        html::Html,
        icon::Icon,
        layout::{Layout, Place},
        look::{Pill, Tone},
        requests::is_prod,
    },
    words::{self, Clock, Sentence},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State as Extract;
use jiff::SignedDuration;
use latchkey_domain::{
    access::{policy::PolicyFile, transition::Target},
    eks::arn::ClusterArn,
    plan::remedy::{self, Language, Remedy},
};

/// See the module.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "targets/show.html")]
pub struct TargetPage {
    pub layout: Layout,
    pub name: String,
    pub arn: Option<String>,
    pub prod: bool,
    pub pill: Pill,
    pub address: String,
    /// Whether granting can be paused here.
    pub is_cluster: bool,
    pub fenced: Option<Fenced>,
    pub paused: Option<Html>,
    /// Why the last run could not work on the target as a whole.
    pub failure: Option<Html>,
    pub remedies: Vec<Pasted>,
    pub said_of_legs: String,
    pub legs: Vec<Leg>,
    pub writes: Vec<Write>,
    pub facts: Vec<(&'static str, Html)>,
    pub cluster_page: Option<String>,
    pub again: Again,
    pub longest_reason: usize,
}

/// A fence, and the way out.
#[derive(Debug, Clone)]
pub struct Fenced {
    pub since: Html,
    pub why: Html,
    pub command: String,
}

/// Something to paste.
#[derive(Debug, Clone)]
pub struct Pasted {
    pub id: String,
    pub title: &'static str,
    pub how: Html,
    pub text: String,
}

/// An access's part here.
#[derive(Debug, Clone)]
pub struct Leg {
    pub address: String,
    pub title: String,
    pub pill: Pill,
    pub mark: Option<Pill>,
    pub why: Option<Html>,
    /// "after 3 tries".
    pub tries: Option<String>,
    pub next: Option<Html>,
}

/// A write of the worker.
#[derive(Debug, Clone)]
pub struct Write {
    pub text: String,
    pub object: Html,
    pub outcome: Option<Html>,
    pub at: Html,
    pub tone: Tone,
    pub icon: Icon,
    pub turns: bool,
    pub grant: Option<String>,
}

/// A pause that was not taken, shown again.
#[derive(Debug, Default)]
pub struct Again {
    pub reason: String,
    pub error: Option<String>,
}

/// `GET /targets/{kind}/{key}`.
pub async fn page(Extract(state): Extract<State>, signed_in: SignedIn, At(target): At) -> Result<TargetPage, Failure> {
    TargetPage::read(&state, &signed_in, target, Again::default()).await
}

impl TargetPage {
    /// The page as it is now.
    ///
    /// # Errors
    /// `NotFound` for everybody but operators, and where there is no such target.
    pub async fn read(state: &State, signed_in: &SignedIn, target: Target, again: Again) -> Result<Self, Failure> {
        signed_in.operator()?;
        let detail = target::by_key(&state.store, target).await?.ok_or(Failure::NotFound)?;
        Ok(Self::new(signed_in, &detail, again))
    }

    fn new(signed_in: &SignedIn, detail: &TargetDetail, again: Again) -> Self {
        let clock = &signed_in.clock;
        let (is_cluster, name) = match detail.target {
            Target::Cluster(_) => (true, detail.name.clone()),
            Target::Principal(_) => (false, detail.name.rsplit('/').next().unwrap_or(&detail.name).to_owned()),
        };
        let prod = is_cluster && is_prod(&signed_in.policy.file, &name);
        let error = if again.error.is_some() { "Error: " } else { "" };
        let troubled = detail.legs.iter().filter(|leg| leg.blocked.is_some()).count();
        Self {
            layout: signed_in.layout(Place::Targets, format!("{error}{name}")).prod(prod),
            address: address(detail.target),
            pill: pill(detail, clock),
            fenced: detail.fenced.as_ref().map(|(since, why)| Fenced {
                since: Html::at(clock, *since),
                why: Html::prose(why),
                command: words::targets::accept_restore(&name),
            }),
            paused: detail.paused.as_ref().map(|paused| {
                let sentence = Sentence::default()
                    .text(&*paused.by)
                    .text(" paused granting here ")
                    .time(paused.since, clock.full(paused.since))
                    .text(format!(": {}", paused.why));
                Html::sentence(&sentence)
            }),
            // A fence is the failure of every run there.
            failure: detail.failure.as_deref().filter(|_| detail.fenced.is_none()).map(Html::prose),
            remedies: remedies(detail, &signed_in.policy.file),
            said_of_legs: words::targets::in_trouble(troubled, detail.legs.len()),
            legs: detail.legs.iter().map(|leg| Leg::of(leg, clock)).collect(),
            writes: detail.writes.iter().map(|write| Write::of(write, clock)).collect(),
            facts: facts(detail, clock),
            cluster_page: is_cluster.then(|| format!("/clusters/{}", detail.target.key())),
            arn: detail.arn.clone(),
            name,
            prod,
            is_cluster,
            again,
            longest_reason: LONGEST_REASON,
        }
    }
}

/// An end may take so long before it is late.
const LATE_AFTER: SignedDuration = SignedDuration::from_mins(1);

fn is_late(leg: &LegRow, clock: &Clock) -> bool {
    leg.late_since.is_some_and(|since| clock.now.duration_since(since) > LATE_AFTER)
}

fn pill(detail: &TargetDetail, clock: &Clock) -> Pill {
    let blocked = detail.legs.iter().any(|leg| leg.blocked == Some(true));
    let retrying = detail.legs.iter().any(|leg| leg.blocked == Some(false));
    if detail.legs.iter().any(|leg| is_late(leg, clock)) {
        Pill::new(Tone::Danger, Icon::TriangleAlert, "Overdue")
    } else if blocked || detail.fenced.is_some() {
        Pill::new(Tone::Danger, Icon::Ban, "Blocked")
    } else if retrying || detail.failure.is_some() {
        Pill::new(Tone::Needs, Icon::RotateCw, "Retrying")
    } else if detail.paused.is_some() {
        Pill::new(Tone::Needs, Icon::CircleMinus, "Granting paused")
    } else {
        Pill::new(Tone::Good, Icon::CircleCheck, "Well")
    }
}

/// What to paste, each text once.
fn remedies(detail: &TargetDetail, file: &PolicyFile) -> Vec<Pasted> {
    let cluster = match detail.target {
        Target::Cluster(_) => detail.arn.as_deref().and_then(|arn| arn.parse::<ClusterArn>().ok()),
        Target::Principal(_) => None,
    };
    let said = detail.legs.iter().filter_map(|leg| leg.error.as_deref()).chain(detail.failure.as_deref());
    let mut found: Vec<Remedy> = Vec::new();
    for remedy in said.filter_map(|sentence| remedy::of(sentence, file, cluster.as_ref())) {
        if !found.contains(&remedy) {
            found.push(remedy);
        }
    }
    let pasted = |(number, remedy): (usize, Remedy)| Pasted {
        id: format!("paste-{number}"),
        title: match remedy.language {
            Language::Yaml => "YAML",
            Language::Json => "JSON",
        },
        how: Html::prose(remedy.how),
        text: remedy.text,
    };
    found.into_iter().enumerate().map(pasted).collect()
}

fn facts(detail: &TargetDetail, clock: &Clock) -> Vec<(&'static str, Html)> {
    let mut facts = Vec::new();
    if let Some(person) = &detail.person {
        facts.push(("Whose", Html::sentence(&Sentence::default().text(&**person))));
    }
    facts.push((
        "Last look",
        match &detail.observed {
            None => Html::prose("never"),
            Some((at, None)) => Html::relative(clock, *at),
            Some((at, Some(trouble))) => {
                Html::sentence(&Sentence::default().time(*at, clock.relative(*at)).text(". ").parsed(trouble))
            }
        },
    ));
    facts.push(("Last run", detail.ran_at.map_or_else(|| Html::prose("never"), |at| Html::relative(clock, at))));
    facts.push((
        "Next look",
        match detail.due_at {
            None => Html::prose("when something wakes it"),
            Some(at) if at <= clock.now => Html::prose("due now"),
            Some(at) => Html::relative(clock, at),
        },
    ));
    facts.push((
        "In hand of",
        match &detail.lease {
            None => Html::prose("nobody"),
            Some((holder, until)) => {
                let sentence = Sentence::default().name(&**holder).text(", until ").time(*until, clock.stamp(*until));
                Html::sentence(&sentence)
            }
        },
    ));
    facts.push(("Runs so far", Html::sentence(&Sentence::default().text(detail.epoch.to_string()))));
    facts
}

impl Leg {
    fn of(leg: &LegRow, clock: &Clock) -> Self {
        let mark = match (is_late(leg, clock), leg.blocked) {
            (true, _) => Some(Pill::new(Tone::Danger, Icon::TriangleAlert, "Overdue")),
            (false, Some(true)) => Some(Pill::new(Tone::Danger, Icon::Ban, "Blocked")),
            (false, Some(false)) => Some(Pill::new(Tone::Needs, Icon::RotateCw, "Retrying")),
            (false, None) => None,
        };
        let next = leg.next_try.filter(|_| leg.blocked.is_some()).map(|at| {
            let sentence = Sentence::default().text("next try ");
            Html::sentence(&if at > clock.now { sentence.time(at, clock.stamp(at)) } else { sentence.text("due") })
        });
        Self {
            address: format!("/grants/{}", leg.grant),
            title: format!("{}, {}", leg.holder, leg.profile),
            pill: Pill::grant(leg.state),
            mark,
            why: leg.error.as_deref().filter(|_| leg.blocked.is_some()).map(Html::prose),
            tries: words::targets::tries(leg.attempts).filter(|_| leg.blocked.is_some()),
            next,
        }
    }
}

impl Write {
    fn of(write: &WriteRow, clock: &Clock) -> Self {
        let well = write.outcome.as_deref().is_none_or(|outcome| outcome.starts_with("done"));
        let (tone, icon, turns) = match (write.finished_at, well) {
            (None, _) => (Tone::Working, Icon::Loader, true),
            (Some(_), false) => (Tone::Needs, Icon::RotateCw, false),
            (Some(_), true) => (Tone::Good, Icon::Check, false),
        };
        Self {
            text: words::steps::step(&write.step, write.finished_at.is_some() && well),
            object: Html::sentence(&Sentence::default().name(&*write.object)),
            outcome: write.outcome.as_deref().filter(|_| !well).map(Html::prose),
            at: Html::stamp(clock, write.finished_at.unwrap_or(write.started_at)),
            tone,
            icon,
            turns,
            grant: write.grant.map(|id| format!("/grants/{id}")),
        }
    }
}

#[cfg(test)]
impl TargetPage {
    /// A cluster in every trouble, one where all is well, an IAM user, a pause without a reason.
    #[expect(clippy::too_many_lines, reason = "a sample is its fields")]
    pub fn samples() -> Vec<(&'static str, Self)> {
        use crate::store::read::target::Paused;
        use latchkey_domain::access::{
            GrantId,
            grant::{GrantState, Proven},
        };
        let dee = crate::web::samples::signed_in("Dee Lindqvist");
        let at = |time: &str| format!("2026-11-24T{time}Z").parse::<jiff::Timestamp>().unwrap();
        let leg = LegRow {
            grant: GrantId(uuid::Uuid::from_u128(8)),
            holder: "Ana Petrova".to_owned(),
            profile: "view".to_owned(),
            state: GrantState::Active,
            late_since: None,
            proven: Proven::Present,
            blocked: None,
            attempts: 0,
            error: None,
            next_try: None,
        };
        let late = LegRow {
            state: GrantState::Revoking,
            late_since: Some(at("14:12:00")),
            blocked: Some(true),
            attempts: 14,
            error: Some(
                "Latchkey is not allowed to write aws-auth of cluster `prod-eu`. What is missing: patch configmaps in \
                 the namespace kube-system. It goes on by itself once that is granted."
                    .to_owned(),
            ),
            next_try: Some(at("14:48:12")),
            ..leg.clone()
        };
        let waiting = LegRow {
            holder: "Gus Moreau".to_owned(),
            state: GrantState::Provisioning,
            blocked: Some(true),
            attempts: 2,
            error: Some("An operator paused granting on prod-eu: the node groups are being replaced".to_owned()),
            next_try: Some(at("14:48:20")),
            ..leg.clone()
        };
        let write = |step: &str, object: &str, outcome: Option<&str>, time: &str| WriteRow {
            grant: Some(leg.grant),
            step: step.to_owned(),
            object: object.to_owned(),
            started_at: at(time),
            finished_at: outcome.map(|_| at(time)),
            outcome: outcome.map(str::to_owned),
        };
        let detail = TargetDetail {
            target: Target::Cluster(uuid::Uuid::from_u128(1).into()),
            name: "prod-eu".to_owned(),
            arn: Some("arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu".to_owned()),
            person: None,
            due_at: Some(at("14:48:12")),
            ran_at: Some(at("14:47:52")),
            epoch: 4_211,
            lease: Some(("7-0193f6a2c1".to_owned(), at("14:48:52"))),
            failure: None,
            fenced: Some((
                at("13:30:00"),
                "prod-eu has seen a later state of this installation (epoch 4300, the database is at 4180): the \
                 database was restored from a backup"
                    .to_owned(),
            )),
            paused: Some(Paused {
                since: at("14:20:00"),
                by: "Dee Lindqvist".to_owned(),
                why: "the node groups are being replaced".to_owned(),
            }),
            observed: Some((at("14:47:53"), None)),
            legs: vec![late, waiting, leg.clone()],
            writes: vec![
                write("delete_binding", "RoleBinding payments/latchkey:view:8", None, "14:47:52"),
                write("remove_mapping", "aws-auth", Some("Latchkey is not allowed to write aws-auth."), "14:47:30"),
                write("create_binding", "RoleBinding payments/latchkey:view:8", Some("done"), "13:12:04"),
            ],
        };
        let well = TargetDetail {
            fenced: None,
            paused: None,
            lease: None,
            legs: vec![leg],
            writes: detail.writes[2..].to_vec(),
            ..detail.clone()
        };
        let user = TargetDetail {
            target: Target::Principal(uuid::Uuid::from_u128(9).into()),
            name: "arn:aws:iam::111122223333:user/latchkey/ana.petrova".to_owned(),
            arn: Some("arn:aws:iam::111122223333:user/latchkey/ana.petrova".to_owned()),
            person: Some("ana".to_owned()),
            due_at: None,
            legs: vec![],
            writes: vec![],
            ..well.clone()
        };
        let again =
            Again { reason: String::new(), error: Some("Say why: everybody whose access waits reads it.".to_owned()) };
        vec![
            ("target-trouble", Self::new(&dee, &detail, Again::default())),
            ("target-well", Self::new(&dee, &well, Again::default())),
            ("target-user", Self::new(&dee, &user, Again::default())),
            ("target-wrong", Self::new(&dee, &well, again)),
        ]
    }
}
