//! The health of Latchkey itself: four plain lines, for everyone who is signed in.

use super::{
    Failure, SignedIn, State,
    audit::LastCheck,
    html::Html,
    icon::Icon,
    layout::{Layout, NavItem},
    look::{Pill, Tone},
    routes::Routes,
};
use crate::{
    store::{
        Store, StoreError,
        alarms::{self, StandingAlarm},
        heartbeats::LOOKS_WITHIN,
        read::{
            audit::{self, ChainWalks},
            health::{self, Health, Stuck, Wider, WorkerAlive},
            hold::{self, Hold, OnHold},
        },
        standstill,
    },
    words::{self, Clock, Sentence, time::duration},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State as Extract;
use jiff::SignedDuration;
use latchkey_domain::access::{
    blocker::Blocker,
    grant::{GrantState, Trouble},
};

/// Sign-in, changes, endings, the audit log.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "status.html")]
pub struct StatusPage {
    pub layout: Layout,
    pub lines: [Plain; 4],
    pub workers: Vec<WorkerRow>,
    /// The workers that stopped without signing off, if others are alive.
    pub earlier: Option<String>,
    pub queue: String,
    /// The last verification of the whole audit chain.
    pub chain: LastCheck,
    /// For operators: what needs a person, and which policy is current.
    pub operator: Option<ForOperators>,
}

/// A line: the subject, its state, and a sentence.
#[derive(Debug, Clone)]
pub struct Plain {
    pub what: &'static str,
    pub pill: Pill,
    pub sentence: Html,
}

/// A worker.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    pub holder: String,
    pub pill: Pill,
    pub up_for: String,
    pub seen: String,
}

/// What only operators see.
#[derive(Debug, Clone)]
pub struct ForOperators {
    pub policy_hash: String,
    pub alarms: Vec<AlarmRow>,
    pub stuck: Vec<StuckRow>,
    /// What is said if no access reports trouble.
    pub no_trouble: &'static str,
}

/// An alarm that is not over.
#[derive(Debug, Clone)]
pub struct AlarmRow {
    pub what: Html,
    pub since: Html,
    /// The address of the access that it is about.
    pub address: Option<String>,
    /// The address that clears it; `None` if it clears by itself.
    pub clear: Option<String>,
}

/// An access in trouble.
#[derive(Debug, Clone)]
pub struct StuckRow {
    pub address: String,
    pub title: String,
    pub pill: Pill,
    pub why: Html,
    pub attempts: String,
}

/// The clusters that are named, and one more, to know whether there are more.
const HELD: i64 = 4;
/// How many accesses in trouble are shown.
const STUCK: usize = 50;
/// How many alarms are shown.
const ALARMS: i64 = 100;
/// How many clusters are named on which nothing is set up.
const TOLD: usize = 3;

/// `GET /status`.
async fn page(Extract(state): Extract<State>, signed_in: SignedIn) -> Result<StatusPage, Failure> {
    let health = health::read(&state.store).await?;
    let held = hold::all(&state.store, HELD).await?;
    let checked = audit::checked(&state.store).await?;
    let provider_answers = state.login.reach().await.is_ok();
    let troubles =
        if signed_in.visitor.roles.operator { Troubles::read(&state.store).await? } else { Troubles::default() };
    let provider = state.login.provider().to_owned();
    Ok(StatusPage::new(&signed_in, (&health, &held), &checked, (&provider, provider_answers), &troubles))
}

/// What only operators are told.
#[derive(Debug, Default)]
struct Troubles {
    alarms: Vec<StandingAlarm>,
    stuck: Vec<Stuck>,
    wider: Vec<Wider>,
}

impl Troubles {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            alarms: alarms::standing(store, ALARMS).await?,
            stuck: health::stuck(store, STUCK).await?,
            wider: health::wider(store, STUCK).await?,
        })
    }
}

/// A worker sends a heartbeat every few seconds: after this long without one it counts as silent.
const SILENT_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// A worker that is silent for so long while another is alive was killed or crashed.
const EARLIER_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// A change takes seconds: one that waits longer is late.
const LATE_AFTER: SignedDuration = SignedDuration::from_secs(60);

const WORKS: Pill = Pill::new(Tone::Good, Icon::CircleCheck, "Works");
const SLOW: Pill = Pill::new(Tone::Needs, Icon::Hourglass, "Slow");
const NEEDS_A_PERSON: Pill = Pill::new(Tone::Needs, Icon::TriangleAlert, "Needs a person");
const PAUSED: Pill = Pill::new(Tone::Needs, Icon::CircleMinus, "Granting paused");
const NOT_EVERYWHERE: Pill = Pill::new(Tone::Needs, Icon::TriangleAlert, "Not everywhere");
const BROKEN: Pill = Pill::new(Tone::Danger, Icon::CircleX, "Broken");
const STANDS_STILL: Pill = Pill::new(Tone::Danger, Icon::CircleX, "Stands still");

impl StatusPage {
    fn new(
        signed_in: &SignedIn,
        (health, held): (&Health, &[OnHold]),
        checked: &ChainWalks,
        provider: (&str, bool),
        troubles: &Troubles,
    ) -> Self {
        let alive = health.workers.iter().any(WorkerAlive::works);
        let waits = health.waits_since.unwrap_or_default();
        let (earlier, now): (Vec<_>, Vec<_>) =
            health.workers.iter().partition(|worker| alive && worker.silent_for > EARLIER_AFTER);
        let queue = match (health.waiting, health.in_hand) {
            (0, 0) => "Nothing waits for a worker.".to_owned(),
            (0, in_hand) => format!("{in_hand} in hand, nothing waits."),
            (waiting, in_hand) => format!("{waiting} waiting, the first for {}; {in_hand} in hand.", duration(waits)),
        };
        Self {
            layout: signed_in.layout(NavItem::Status, "Status"),
            lines: [
                sign_in(health, provider),
                changes(health, held, alive, &signed_in.clock),
                endings(health, alive, &signed_in.clock),
                audit_log(health, checked, alive),
            ],
            workers: now.iter().map(|worker| WorkerRow::of(worker)).collect(),
            earlier: earlier_workers(&earlier),
            queue,
            chain: LastCheck::of(checked, &signed_in.clock),
            operator: signed_in.visitor.roles.operator.then(|| ForOperators {
                policy_hash: signed_in.policy.hash.clone(),
                alarms: troubles.alarms.iter().map(|alarm| AlarmRow::of(alarm, &signed_in.clock)).collect(),
                stuck: (troubles.stuck.iter().filter(|stuck| !stuck.is_told_by(&troubles.wider)).map(StuckRow::of))
                    .chain(troubles.wider.iter().map(StuckRow::wider))
                    .collect(),
                no_trouble: no_trouble(health, &signed_in.clock),
            }),
        }
    }
}

fn sign_in(health: &Health, (provider, answers): (&str, bool)) -> Plain {
    let last = match health.last_sign_in {
        Some(ago) => format!("The last person signed in {} ago.", duration(ago)),
        None => "No person signed in yet.".to_owned(),
    };
    let (pill, text) = if answers {
        (WORKS, format!("{provider} answers. {last}"))
    } else {
        let text =
            format!("{provider} does not answer: people who are signed in stay so, no other person gets in. {last}");
        (STANDS_STILL, text)
    };
    Plain { what: "Sign-in", pill, sentence: Html::sentence(&Sentence::default().text(text)) }
}

fn changes(health: &Health, held: &[OnHold], alive: bool, clock: &Clock) -> Plain {
    let sentence = match (alive, health.coming_since) {
        (false, _) => Sentence::parse("No worker answers, so nothing approved is set up."),
        (true, Some(since)) => Sentence::default()
            .text(format!("{} being set up, the first approved ", number(health.coming, "access is", "accesses are")))
            .time(since, clock.relative(since))
            .text("."),
        (true, None) if health.hindered > 0 || health.paused > 0 => Sentence::default(),
        (true, None) => Sentence::parse("Everything that was approved is set up."),
    };
    let mut sentences = vec![sentence];
    let waits = |count, until: &str| {
        let waits = number(count, "access that was approved waits", "accesses that were approved wait");
        Sentence::default().text(format!("{waits} {until}"))
    };
    if alive && health.hindered > 0 {
        sentences.push(waits(health.hindered, "for a person to act; operators find what to do below."));
    }
    if alive && health.paused > 0 {
        sentences.push(waits(health.paused, "until granting is resumed."));
    }
    match health.wider {
        0 => {}
        1 => sentences.push(Sentence::parse("1 access allows more than was approved; operators find what below.")),
        more => sentences.push(
            Sentence::default()
                .text(format!("{more} accesses allow more than was approved; operators find what below.")),
        ),
    }
    sentences.extend(held.iter().take(TOLD).map(|held| held.in_words().told(clock)));
    if held.len() > TOLD {
        sentences.push(Sentence::parse("So it is with more clusters; operators find them under targets."));
    }
    let sentences: Vec<Html> =
        sentences.iter().filter(|sentence| !sentence.pieces().is_empty()).map(Html::sentence).collect();
    Plain { what: "Changes", pill: of_changes(health, held, alive, clock), sentence: Html::joined(&sentences) }
}

/// The pill is not *Works* if anything waits, or if something could not be set up.
fn of_changes(health: &Health, held: &[OnHold], alive: bool, clock: &Clock) -> Pill {
    let late = health.coming_since.is_some_and(|since| clock.now.duration_since(since) > LATE_AFTER);
    let is_pause = |held: &OnHold| match held.hold {
        Hold::Paused { .. } => true,
        Hold::Fenced | Hold::Unmarked | Hold::Failed => false,
    };
    match (alive, health.hindered > 0, held) {
        (false, _, _) => STANDS_STILL,
        (true, true, _) => NEEDS_A_PERSON,
        (true, false, _) if health.wider > 0 => Pill::ALLOWS_MORE,
        (true, false, []) if health.paused > 0 => PAUSED,
        (true, false, []) if late => SLOW,
        (true, false, []) => WORKS,
        (true, false, held) if held.iter().all(is_pause) => PAUSED,
        (true, false, _) => NOT_EVERYWHERE,
    }
}

/// An overdue end reports no trouble of its own if no run on its target gets to its end.
fn no_trouble(health: &Health, clock: &Clock) -> &'static str {
    if health.ending_since.is_some_and(|since| clock.now.duration_since(since) > LATE_AFTER) {
        "No access reports trouble, and an end is overdue: its target says why the runs on it fail."
    } else {
        "Nothing."
    }
}

fn endings(health: &Health, alive: bool, clock: &Clock) -> Plain {
    let late = health.ending_since.is_some_and(|since| clock.now.duration_since(since) > LATE_AFTER);
    let (pill, sentence) = match health.ending_since {
        None if alive => (WORKS, Sentence::parse("Everything that should have ended is proven gone.")),
        None => (STANDS_STILL, Sentence::parse("No worker answers, so what ends now is not taken away.")),
        Some(since) if alive && !late && health.ending_blocked == 0 => {
            let sentence = Sentence::default()
                .text(format!(
                    "{} being taken away, the oldest since ",
                    number(health.ending, "access is", "accesses are")
                ))
                .time(since, clock.full(since))
                .text(".");
            (WORKS, sentence)
        }
        Some(since) => {
            let blocked = number(health.ending_blocked, "cannot be taken away", "cannot be taken away");
            let sentence = Sentence::default()
                .text(format!(
                    "{} past the end and not proven gone, the oldest since ",
                    number(health.ending, "access is", "accesses are")
                ))
                .time(since, clock.full(since))
                .text(if health.ending_blocked > 0 {
                    format!(
                        ". It may still work; of these {blocked} until a person acts. Operators find what to do below."
                    )
                } else {
                    ". It may still work; we never give up.".to_owned()
                });
            let pill = match (alive, health.ending_blocked > 0) {
                (false, _) => STANDS_STILL,
                (true, true) => Pill::new(Tone::Danger, Icon::TriangleAlert, "Blocked"),
                (true, false) => Pill::new(Tone::Danger, Icon::TriangleAlert, "Overdue"),
            };
            (pill, sentence)
        }
    };
    Plain { what: "Endings", pill, sentence: Html::sentence(&sentence) }
}

/// Whether new events are linked. Whether the existing chain verifies is told below.
fn audit_log(health: &Health, checked: &ChainWalks, alive: bool) -> Plain {
    let stands_still = health.seal_waits.filter(|waits| *waits > standstill::LONG);
    let (pill, text) = match (stands_still, checked.broken.is_some()) {
        (Some(waits), _) => {
            let who = if alive { "operators find who keeps it on every page" } else { "no worker answers" };
            let text = format!(
                "No event has been linked for {}: {who}. What waits is kept, and not protected by the chain until then.",
                duration(waits)
            );
            (STANDS_STILL, text)
        }
        (None, true) => (BROKEN, "New events are linked, but the chain does not hold.".to_owned()),
        (None, false) => (WORKS, "Every event is linked within seconds.".to_owned()),
    };
    Plain { what: "Audit log", pill, sentence: Html::sentence(&Sentence::default().text(text)) }
}

/// A sentence about the workers that stopped without signing off; `None` if there are none.
fn earlier_workers(earlier: &[&WorkerAlive]) -> Option<String> {
    let youngest = earlier.iter().map(|worker| worker.silent_for).min()?;
    let many = match earlier.len() {
        1 => "1 earlier worker".to_owned(),
        more => format!("{more} earlier workers"),
    };
    Some(format!("{many} ended without a word, last heard of {} ago.", duration(youngest)))
}

fn number(number: i64, one: &str, more: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {more}") }
}

impl WorkerAlive {
    /// Whether it is alive and claims what is due.
    fn works(&self) -> bool {
        self.silent_for <= SILENT_AFTER && self.clock_off.is_none() && self.does_not_look().is_none()
    }

    /// How long it has not looked for what is due, if that is too long.
    fn does_not_look(&self) -> Option<SignedDuration> {
        self.looked.filter(|looked| *looked > LOOKS_WITHIN)
    }
}

impl WorkerRow {
    fn of(worker: &WorkerAlive) -> Self {
        let pill = match (worker.silent_for <= SILENT_AFTER, worker.clock_off) {
            (true, None) if worker.does_not_look().is_some() => {
                Pill::new(Tone::Danger, Icon::Hourglass, "Does not look")
            }
            (true, None) => Pill::new(Tone::Good, Icon::Activity, "Alive"),
            (true, Some(_)) => Pill::new(Tone::Danger, Icon::TriangleAlert, "Clock is wrong"),
            (false, _) => Pill::new(Tone::Danger, Icon::Unplug, "Silent"),
        };
        let seen = format!("{} ago", duration(worker.silent_for));
        let seen = match worker.clock_off {
            Some(off) => {
                format!("{seen}; its clock is {} off, and it claims nothing until that is mended", duration(off))
            }
            None => match worker.does_not_look() {
                Some(looked) => format!("{seen}; it last looked for what is due {} ago", duration(looked)),
                None => seen,
            },
        };
        Self { holder: worker.holder.clone(), pill, up_for: duration(worker.up_for), seen }
    }
}

impl AlarmRow {
    fn of(alarm: &StandingAlarm, clock: &Clock) -> Self {
        Self {
            what: Html::prose(&words::alarm::told(&alarm.what)),
            since: Html::relative(clock, alarm.raised_at),
            address: alarm.grant.map(|id| format!("/grants/{id}")),
            clear: (!alarm.ends_by_itself()).then(|| format!("/alarms/{}/clear", alarm.id)),
        }
    }
}

impl StuckRow {
    fn of(stuck: &Stuck) -> Self {
        let trouble = stuck.trouble();
        let pill = match (stuck.state == GrantState::Revoking, trouble) {
            (true, Trouble::Blocked) => Pill::new(Tone::Danger, Icon::Ban, "Ending, blocked"),
            (true, Trouble::Retrying) => Pill::new(Tone::Needs, Icon::RotateCw, "Ending, retrying"),
            (true, Trouble::Paused) | (false, Trouble::Retrying | Trouble::Paused | Trouble::Blocked) => {
                Pill::trouble(trouble)
            }
        };
        let parts: Vec<(bool, &Blocker)> = stuck.parts.iter().map(|part| (part.in_iam, &part.why)).collect();
        Self {
            address: format!("/grants/{}", stuck.grant),
            title: format!("{} on {}", stuck.holder, stuck.cluster),
            pill,
            why: Html::sentence(&words::hold::parts(&parts)),
            attempts: stuck.parts.iter().map(|part| part.attempts).max().unwrap_or(0).to_string(),
        }
    }

    fn wider(wider: &Wider) -> Self {
        Self {
            address: format!("/grants/{}", wider.grant),
            title: format!("{} on {}", wider.holder, wider.cluster),
            pill: Pill::ALLOWS_MORE,
            why: Html::prose(&words::steps::sentences(&wider.what)),
            attempts: "0".to_owned(),
        }
    }
}

/// `/status`.
pub fn routes() -> Routes {
    Routes::new().get("/status", page)
}

#[cfg(test)]
impl StatusPage {
    /// Everything works except one revocation, and granting is paused on a cluster.
    pub fn sample(signed_in: &SignedIn) -> Self {
        use crate::store::read::health::StuckPart;
        let seconds = SignedDuration::from_secs;
        let worker = |holder: &str, silent: i64| WorkerAlive {
            holder: holder.to_owned(),
            up_for: seconds(93_600),
            silent_for: seconds(silent),
            looked: Some(seconds(silent)),
            clock_off: (holder == "worker-7f9c-3").then(|| seconds(420)),
        };
        let health = Health {
            last_sign_in: Some(seconds(190)),
            workers: vec![worker("worker-7f9c-1", 1), worker("worker-7f9c-2", 640), worker("worker-7f9c-3", 2)],
            waiting: 1,
            waits_since: Some(seconds(3)),
            in_hand: 2,
            coming: 0,
            coming_since: None,
            hindered: 0,
            paused: 1,
            wider: 0,
            ending: 1,
            ending_since: Some("2026-11-24T14:30:00Z".parse().unwrap()),
            ending_blocked: 1,
            seal_waits: Some(seconds(340)),
        };
        let part = |in_iam, trouble, why: &str| StuckPart { in_iam, trouble, why: Blocker::said(why), attempts: 14 };
        let stuck = Stuck {
            grant: latchkey_domain::access::GrantId(uuid::Uuid::from_u128(8)),
            holder: "Ana Petrova".to_owned(),
            cluster: "prod-eu".to_owned(),
            state: GrantState::Revoking,
            parts: vec![
                part(
                    false,
                    Trouble::Blocked,
                    "Latchkey may not edit aws-auth on `prod-eu`: the right to patch ConfigMap `aws-auth` is missing.",
                ),
                part(true, Trouble::Retrying, "AWS is throttling us"),
            ],
        };
        let held = OnHold {
            id: latchkey_domain::access::ClusterId(uuid::Uuid::from_u128(3)),
            cluster: "staging-eu".to_owned(),
            since: "2026-11-24T14:20:00Z".parse().ok(),
            hold: Hold::Paused { by: "Dee".to_owned(), why: "the node groups are being replaced".to_owned() },
        };
        let checked =
            ChainWalks { verified: Some(("2026-11-24T12:02:00Z".parse().unwrap(), 4_102)), ..ChainWalks::default() };
        let troubles = Troubles { alarms: sample_alarms(), stuck: vec![stuck], wider: vec![] };
        Self::new(signed_in, (&health, &[held]), &checked, ("Example Identity", true), &troubles)
    }
}

/// An alarm that clears by itself, and one that an operator clears.
#[cfg(test)]
fn sample_alarms() -> Vec<StandingAlarm> {
    use latchkey_domain::access::{
        AlarmId, GrantId,
        alarm::{AlarmFacts, ToldAlarm},
        decide_again::NotAllowed,
    };
    let alarm = |facts: AlarmFacts| StandingAlarm {
        id: AlarmId(uuid::Uuid::from_u128(11)),
        code: Some(facts.code()),
        subject: String::new(),
        what: ToldAlarm::Facts(Box::new(facts)),
        said: String::new(),
        person: None,
        cluster: None,
        request: None,
        grant: Some(GrantId(uuid::Uuid::from_u128(8))),
        raised_at: "2026-11-24T14:31:00Z".parse().unwrap(),
    };
    let refusal = NotAllowed::TooFew { policy: "production".to_owned(), quorum: 2, may: 1 };
    vec![
        alarm(AlarmFacts::UnreadableAccess {
            holder: "Ana Ruiz".to_owned(),
            cluster: "prod-eu".to_owned(),
            why: "row of `access_grant` has an unreadable `namespaces`".to_owned(),
        }),
        alarm(AlarmFacts::NotAllowed { handle: "ana".to_owned(), refusal }),
    ]
}
