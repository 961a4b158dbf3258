//! One target: what is wrong, what to do, and what the worker did last.

use super::{
    At, address, kind_of,
    release::{Release, Typed},
};
use crate::{
    actions::sight,
    store::{
        people::{self, HeldPrincipal},
        read::{
            target::{ListedLeg, Paused, TargetDetail, WriteRow},
            told::{self, AccessEvent, AccessEventKind},
        },
    },
    web::{
        Failure, SignedIn, State,
        html::Html,
        icon::Icon,
        layout::{Layout, NavItem},
        look::{Pill, Tone},
        requests::is_prod,
    },
    words::{self, Clock, Sentence, targets::Pause},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State as Extract,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use latchkey_domain::{
    access::{
        GrantId, PrincipalId, became::Became, blocker::Blocker, grant::Trouble, policy::PolicyFile,
        reason::LONGEST_LINE, transition::Target,
    },
    eks::arn::ClusterArn,
    plan::remedy::{self, Language, Remedy},
};

/// See the module.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "targets/show.html", blocks = ["meta", "part", "facts"])]
pub struct TargetPage {
    pub layout: Layout,
    pub name: String,
    pub arn: Option<String>,
    pub prod: bool,
    pub pill: Pill,
    pub address: String,
    /// Whether granting can be paused on it.
    pub is_cluster: bool,
    /// "IAM user" or "IAM role", of a principal.
    pub kind: &'static str,
    pub fenced: Option<ShownFence>,
    pub paused: Option<Html>,
    /// Why the reason that was sent is not recorded: granting was paused before.
    pub late: Option<Html>,
    /// Why the last run could not work on the target as a whole.
    pub failure: Option<Html>,
    pub remedies: Vec<Pasted>,
    pub said_of_legs: String,
    pub legs: Vec<ShownLeg>,
    /// What other clients changed of the accesses here, the latest first.
    pub changed: Vec<ChangedAccess>,
    pub writes: Vec<ShownWrite>,
    pub facts: Vec<(&'static str, Html)>,
    pub cluster_page: Option<String>,
    /// The form of a release, if the identity has not ended.
    pub release: Option<Release>,
    pub again: RefusedPause,
    pub longest_reason: usize,
    /// Seconds until the page polls again.
    pub poll: u32,
    /// Whether a poll asked for it: parts elsewhere on the page are then swapped out of band.
    pub live: bool,
}

/// Polls are frequent while a run is in progress or due, and rare otherwise.
const RUNNING_SECONDS: u32 = 2;
const RESTING_SECONDS: u32 = 15;

/// A fence, and the command that lifts it.
#[derive(Debug, Clone)]
pub struct ShownFence {
    pub since: Html,
    pub why: Html,
    pub command: String,
}

/// A text to paste.
#[derive(Debug, Clone)]
pub struct Pasted {
    pub id: String,
    pub title: &'static str,
    pub how: Html,
    pub text: String,
}

/// An access's leg here.
#[derive(Debug, Clone)]
pub struct ShownLeg {
    pub address: String,
    pub title: String,
    pub pill: Pill,
    pub mark: Option<Pill>,
    pub why: Option<Html>,
    /// "after 3 tries".
    pub tries: Option<String>,
    pub next: Option<Html>,
}

/// What another client changed of an access.
#[derive(Debug, Clone)]
pub struct ChangedAccess {
    pub address: String,
    /// "Ana Petrova, view".
    pub whose: String,
    pub text: Html,
    pub at: Html,
}

/// A write by the worker.
#[derive(Debug, Clone)]
pub struct ShownWrite {
    pub text: String,
    /// The object of the write, if the text does not name it.
    pub object: Option<Html>,
    pub outcome: Option<Html>,
    pub at: Html,
    pub tone: Tone,
    pub icon: Icon,
    pub turns: bool,
    pub grant: Option<String>,
}

/// A pause that was refused, shown again.
#[derive(Debug, Default)]
pub struct RefusedPause {
    pub reason: String,
    pub error: Option<String>,
    /// Whether granting was already paused when the form was sent.
    pub late: bool,
    /// A release that was refused, and why.
    pub release: (Typed, Option<String>),
}

/// `GET /targets/{kind}/{key}`.
pub async fn page(Extract(state): Extract<State>, signed_in: SignedIn, At(target): At) -> Result<TargetPage, Failure> {
    TargetPage::read(&state, &signed_in, target, RefusedPause::default()).await
}

/// `GET /targets/{kind}/{key}/live`: the live parts, as they are now.
pub async fn live(Extract(state): Extract<State>, signed_in: SignedIn, At(target): At) -> Result<Response, Failure> {
    let mut page = TargetPage::read(&state, &signed_in, target, RefusedPause::default()).await?;
    page.live = true;
    let parts = [page.as_part().render(), page.as_meta().render(), page.as_facts().render(), page.layout.as_of()];
    match parts.into_iter().collect::<Result<String, _>>() {
        Ok(html) => Ok(axum::response::Html(html).into_response()),
        Err(error) => Err(Failure::internal(&error)),
    }
}

impl TargetPage {
    /// The page as it is now.
    ///
    /// # Errors
    /// `NotFound` for everyone except operators, and if there is no such target.
    pub async fn read(
        state: &State,
        signed_in: &SignedIn,
        target: Target,
        again: RefusedPause,
    ) -> Result<Self, Failure> {
        let found = sight::target(&state.store, &signed_in.visitor, target).await?;
        let detail = found.ok_or_else(|| signed_in.not_theirs())?;
        let held = match target {
            Target::Principal(id) => people::held(&state.store, id).await?.map(|held| (id, held)),
            Target::Cluster(_) => None,
        };
        let here: Vec<GrantId> = detail.legs.iter().map(|leg| leg.grant).collect();
        let changed = told::changed(&state.store, &here).await?;
        let typed = again.release.clone();
        let mut page = Self::new(signed_in, &detail, again);
        page.changed =
            changed.iter().filter_map(|told| ChangedAccess::of(told, &detail.legs, &signed_in.clock)).collect();
        page.offer_release(held, typed, &signed_in.clock);
        Ok(page)
    }

    /// Offers to release an identity that has not ended; for one that ended it says when.
    pub(super) fn offer_release(
        &mut self,
        held: Option<(PrincipalId, HeldPrincipal)>,
        typed: (Typed, Option<String>),
        clock: &Clock,
    ) {
        let Some((id, held)) = held else { return };
        if let Some(at) = held.ended_at {
            self.facts.push(("Ended", Html::at(clock, at)));
        }
        self.release = Release::of(id, held, typed);
        if self.release.as_ref().is_some_and(|release| release.error.is_some()) {
            self.layout.title = format!("Error: {}", self.layout.title);
        }
    }

    pub(super) fn new(signed_in: &SignedIn, detail: &TargetDetail, again: RefusedPause) -> Self {
        let clock = &signed_in.clock;
        let (is_cluster, name) = match detail.target {
            Target::Cluster(_) => (true, detail.name.clone()),
            Target::Principal(_) => (false, detail.name.rsplit('/').next().unwrap_or(&detail.name).to_owned()),
        };
        let prod = is_cluster && is_prod(&signed_in.policy.file, &name);
        let error = if again.error.is_some() || again.late { "Error: " } else { "" };
        let troubled = detail.legs.iter().filter(|leg| leg.is_stuck()).count();
        let waiting = detail.legs.iter().filter(|leg| leg.trouble == Some(Trouble::Paused)).count();
        let wider = detail.legs.iter().filter(|leg| !leg.wider.is_empty()).count();
        let overdue = detail.legs.iter().filter(|leg| is_late(leg, clock) && leg.trouble.is_none()).count();
        let fare = words::targets::Fare { all: detail.legs.len(), troubled, overdue, waiting, wider };
        let address = address(detail.target);
        let layout = signed_in.layout(NavItem::Targets, format!("{error}{name}"));
        let is_running = detail.lease.is_some() || detail.due_at.is_some_and(|at| at <= clock.now);
        Self {
            layout: layout.prod(prod).being(&address).live(&address),
            address,
            pill: pill(detail, clock),
            fenced: detail.fenced.as_ref().map(|(since, why)| ShownFence {
                since: Html::at(clock, *since),
                why: told(why),
                command: words::targets::accept_restore(&name),
            }),
            paused: detail.paused.as_ref().map(|paused| Html::sentence(&words::targets::paused(paused.into(), clock))),
            late: again
                .late
                .then(|| Html::sentence(&words::targets::paused_before(detail.paused.as_ref().map(Into::into), clock))),
            // On a fenced cluster the fence is the failure of every run, and is shown above.
            failure: detail.failure.as_ref().filter(|_| detail.fenced.is_none()).map(told),
            remedies: remedies(detail, &signed_in.policy.file),
            said_of_legs: words::targets::in_trouble(fare),
            legs: detail.legs.iter().map(|leg| ShownLeg::of(leg, detail.failure.as_ref(), clock)).collect(),
            changed: vec![],
            writes: detail.writes.iter().map(|write| ShownWrite::of(write, clock)).collect(),
            facts: facts(detail, clock),
            cluster_page: is_cluster.then(|| format!("/clusters/{}", detail.target.key())),
            arn: detail.arn.clone(),
            name,
            prod,
            is_cluster,
            kind: kind_of(&detail.name),
            release: None,
            again,
            longest_reason: LONGEST_LINE,
            poll: if is_running { RUNNING_SECONDS } else { RESTING_SECONDS },
            live: false,
        }
    }
}

impl<'a> From<&'a Paused> for Pause<'a> {
    fn from(paused: &'a Paused) -> Self {
        Self { by: &paused.by, since: paused.since, why: &paused.why }
    }
}

/// An end that takes longer is late.
const LATE_AFTER: SignedDuration = SignedDuration::from_mins(1);

fn is_late(leg: &ListedLeg, clock: &Clock) -> bool {
    leg.late_since.is_some_and(|since| clock.now.duration_since(since) > LATE_AFTER)
}

fn pill(detail: &TargetDetail, clock: &Clock) -> Pill {
    let gravest = detail.legs.iter().filter_map(|leg| leg.trouble).max();
    if detail.legs.iter().any(|leg| is_late(leg, clock)) {
        super::OVERDUE
    } else if gravest == Some(Trouble::Blocked) || detail.fenced.is_some() {
        Pill::trouble(Trouble::Blocked)
    } else if detail.legs.iter().any(|leg| leg.trouble == Some(Trouble::Retrying)) || detail.failure.is_some() {
        Pill::trouble(Trouble::Retrying)
    } else {
        let wider = detail.legs.iter().any(|leg| !leg.wider.is_empty());
        super::untroubled(wider, detail.paused.is_some(), gravest.is_some())
    }
}

fn told(why: &Blocker) -> Html {
    Html::prose(&words::blocker::sentence(why))
}

/// The texts to paste, each once.
fn remedies(detail: &TargetDetail, file: &PolicyFile) -> Vec<Pasted> {
    let cluster = match detail.target {
        Target::Cluster(_) => detail.arn.as_deref().and_then(|arn| arn.parse::<ClusterArn>().ok()),
        Target::Principal(_) => None,
    };
    let blockers = detail.legs.iter().filter_map(|leg| leg.why.as_ref()).chain(&detail.failure);
    let mut found: Vec<Remedy> = Vec::new();
    for remedy in blockers.filter_map(|why| remedy::of(why, file, cluster.as_ref())) {
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
            // The failure of the last run is shown once, above.
            Some((at, _)) if detail.failure.is_some() => Html::relative(clock, *at),
            Some((at, None)) => Html::relative(clock, *at),
            Some((at, Some(trouble))) => Html::sentence(
                &Sentence::default()
                    .time(*at, clock.relative(*at))
                    .text(". ")
                    .parsed(&words::blocker::sentence(trouble)),
            ),
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
            None => Html::prose("no worker"),
            Some((holder, until)) => {
                let sentence = Sentence::default().name(&**holder).text(", until ").time(*until, clock.stamp(*until));
                Html::sentence(&sentence)
            }
        },
    ));
    facts.push(("Runs so far", Html::sentence(&Sentence::default().text(detail.epoch.to_string()))));
    facts
}

impl ShownLeg {
    /// `failure` is what the runs on the whole target fail with; it is shown above, so a leg does not repeat it.
    fn of(leg: &ListedLeg, failure: Option<&Blocker>, clock: &Clock) -> Self {
        let allows_more = (!leg.wider.is_empty()).then_some(Pill::ALLOWS_MORE);
        let mark =
            if is_late(leg, clock) { Some(super::OVERDUE) } else { leg.trouble.map(Pill::trouble).or(allows_more) };
        let why = leg.why.as_ref().filter(|why| leg.trouble.is_some() && failure != Some(*why));
        let why = why.map(words::blocker::sentence);
        let more = (!leg.wider.is_empty()).then(|| words::steps::sentences(&leg.wider));
        let next = leg.next_try.filter(|_| leg.is_stuck()).map(|at| {
            let sentence = Sentence::default().text("next try ");
            Html::sentence(&if at > clock.now { sentence.time(at, clock.stamp(at)) } else { sentence.text("due") })
        });
        Self {
            address: format!("/grants/{}", leg.grant),
            title: format!("{}, {}", leg.holder, leg.profile),
            pill: Pill::grant(leg.state),
            mark,
            why: why.or(more).as_deref().map(Html::prose),
            tries: words::targets::tries(leg.attempts).filter(|_| leg.is_stuck()),
            next,
        }
    }
}

impl ChangedAccess {
    /// Of one of the accesses here, by their legs.
    fn of(told: &AccessEvent, legs: &[ListedLeg], clock: &Clock) -> Option<Self> {
        let AccessEventKind::Changed(what) = &told.what else { return None };
        let leg = legs.iter().find(|leg| leg.grant == told.grant)?;
        let text = Html::prose(&words::steps::full_stop(what));
        let whose = format!("{}, {}", leg.holder, leg.profile);
        Some(Self { address: format!("/grants/{}", told.grant), whose, text, at: Html::stamp(clock, told.at) })
    }
}

impl ShownWrite {
    fn of(write: &WriteRow, clock: &Clock) -> Self {
        let amiss = write.became.as_ref().filter(|became| **became != Became::Done);
        let (tone, icon, turns) = match (write.finished_at, amiss) {
            (None, _) => (Tone::Working, Icon::Loader, true),
            (Some(_), Some(_)) => (Tone::Needs, Icon::RotateCw, false),
            (Some(_), None) => (Tone::Good, Icon::Check, false),
        };
        let text = words::steps::step(&write.step, write.finished_at.is_some() && amiss.is_none());
        Self {
            object: (!text.ends_with(&write.object)).then(|| Html::sentence(&Sentence::default().name(&*write.object))),
            text,
            outcome: amiss.map(|became| Html::prose(&words::steps::became(became))),
            at: Html::stamp(clock, write.finished_at.unwrap_or(write.started_at)),
            tone,
            icon,
            turns,
            grant: write.grant.map(|id| format!("/grants/{id}")),
        }
    }
}
