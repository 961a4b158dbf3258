//! The worker's steps, and the state of an access, in words.

use super::{Clock, Sentence};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        became::Became,
        blocker::Blocker,
        evidence::Answers,
        grant::{Cause, Condition, GrantState, Trouble},
        step_kind::StepKind,
        transition::Target,
    },
    audit::event::Known,
};

/// A step of the worker in words: "Wrote the mapping in aws-auth". `done` says whether it has succeeded. One that this
/// version does not know is told by its name.
pub fn step(step: &Known<StepKind>, done: bool) -> String {
    let kind = match step {
        Known::Is(kind) => *kind,
        Known::Other(name) => {
            let mut words = name.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            return words;
        }
    };
    let (under_way, over) = match kind {
        StepKind::WriteAwsAuth | StepKind::AddMapping => ("Writing the line in aws-auth", "Wrote the line in aws-auth"),
        StepKind::RemoveMapping => ("Taking the line out of aws-auth", "Took the line out of aws-auth"),
        StepKind::TouchAwsAuth => ("Giving aws-auth another version", "Gave aws-auth another version"),
        StepKind::CreateEntry => ("Making the access entry", "Made the access entry"),
        StepKind::DeleteEntry => ("Deleting the access entry", "Deleted the access entry"),
        StepKind::CreateRole => ("Making the ClusterRole", "Made the ClusterRole"),
        StepKind::DeleteRole => ("Deleting the ClusterRole", "Deleted the ClusterRole"),
        StepKind::CreateBinding => ("Making the binding", "Made the binding"),
        StepKind::PutBinding => ("Putting the binding right", "Put the binding right"),
        StepKind::BlockBinding => ("Keeping the binding from coming late", "Kept the binding from coming late"),
        StepKind::EmptyBinding => ("Emptying the binding", "Emptied the binding"),
        StepKind::DeleteBinding => ("Deleting the binding", "Deleted the binding"),
        StepKind::PutPolicy => ("Writing the IAM policy", "Wrote the IAM policy"),
        StepKind::DeletePolicy => ("Deleting the IAM policy", "Deleted the IAM policy"),
        StepKind::TagPrincipal => ("Tagging the AWS identity", "Tagged the AWS identity"),
        StepKind::UntagPrincipal => ("Taking the tags off the AWS identity", "Took the tags off the AWS identity"),
    };
    if done { over } else { under_way }.to_owned()
}

/// The outcome of a write.
pub fn became(became: &Became) -> String {
    match became {
        Became::Done => "done".to_owned(),
        Became::Failed(why) => super::blocker::sentence(why),
        Became::InterruptedSeen => "interrupted; it was there when looked at again".to_owned(),
        Became::InterruptedUnseen => {
            "interrupted; nothing that is surely its own was there when looked at again".to_owned()
        }
        Became::Interrupted => "interrupted; what is there now counts when looked at again".to_owned(),
        Became::InterruptedClusterGone => "interrupted; the cluster was gone".to_owned(),
        Became::Said(text) => text.clone(),
    }
}

/// A leg in trouble: "AWS is throttling us. Next try 14:02:10. Nothing to do." None if there is no trouble.
pub fn condition(target: Target, condition: &Condition, clock: &Clock) -> Option<Sentence> {
    let place = match target {
        Target::Principal(_) => "IAM",
        Target::Cluster(_) => "The cluster",
    };
    match condition {
        Condition::Ok => None,
        Condition::Retrying { why, next, .. } => {
            let why = told(why).unwrap_or_else(|| format!("{place} did not answer as expected."));
            let sentence = Sentence::parse(&why);
            Some(if *next > clock.now {
                sentence.text(" Next try ").time(*next, clock.to_the_second(*next)).text(". Nothing to do.")
            } else {
                sentence.text(" The next try is due. Nothing to do.")
            })
        }
        Condition::Paused { why, .. } | Condition::Blocked { why, .. } => {
            let why = told(why).unwrap_or_else(|| format!("{place} needs an operator."));
            Some(Sentence::parse(&why))
        }
    }
}

/// A blocker as a whole sentence; `None` if the blocker is empty.
fn told(why: &Blocker) -> Option<String> {
    (!why.is_empty()).then(|| full_stop(&super::blocker::sentence(why)))
}

/// A text as a whole sentence: capitalised, with a full stop.
pub fn full_stop(text: &str) -> String {
    let text = text.trim();
    let mut sentence = String::with_capacity(text.len() + 1);
    let mut letters = text.chars();
    sentence.extend(letters.next().into_iter().flat_map(char::to_uppercase));
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// Blockers as sentences, one after another.
pub fn sentences(whys: &[Blocker]) -> String {
    whys.iter().map(|why| full_stop(&super::blocker::sentence(why))).collect::<Vec<_>>().join(" ")
}

/// The state of an active access that was proven, and has looked different since.
pub fn in_doubt(proven_at: Option<Timestamp>, why: &Blocker, until: Option<Timestamp>, clock: &Clock) -> Sentence {
    let sentence = Sentence::default().text("Access may not work now. It was last proven");
    let sentence = match proven_at {
        Some(at) => sentence.text(" ").time(at, clock.to_the_second(at)),
        None => sentence.text(" earlier"),
    };
    let sentence = match told(why) {
        Some(why) => sentence.text("; since then: ").parsed(&why),
        None => sentence.text("."),
    };
    match until {
        Some(until) => sentence.text(" It ends ").time(until, clock.full(until)).text("."),
        None => sentence,
    }
}

/// The state of an active access that was proven, and allows more than was approved, since others widened a role.
pub fn wider(proven_at: Option<Timestamp>, until: Option<Timestamp>, clock: &Clock) -> Sentence {
    let sentence = proven(proven_at, clock).text("; it allows more than was approved: what is told below.");
    match until {
        Some(until) => sentence.text(" It ends ").time(until, clock.full(until)).text("."),
        None => sentence,
    }
}

/// "Proven to work at 14:02:10 CET": a page claims only what was read back, and when.
fn proven(at: Option<Timestamp>, clock: &Clock) -> Sentence {
    match at {
        Some(at) => Sentence::parse("Proven to work at ").time(at, clock.to_the_second(at)),
        None => Sentence::parse("Whether it works is not known, since no proof of it can be read"),
    }
}

/// The state of an access that gives more than was decided, while what was decided is in doubt or not set up: what it
/// gives, what is in doubt beside that, and that it may last on.
pub fn gives_more(
    more: &[&Blocker],
    doubt: (Option<Timestamp>, Option<&Blocker>),
    until: Option<Timestamp>,
    clock: &Clock,
) -> Sentence {
    let (proven_at, why) = doubt;
    let mut sentence = Sentence::parse("This access gives more than was decided.");
    for why in more.iter().filter_map(|why| told(why)) {
        sentence = sentence.text(" ").parsed(&why);
    }
    if let Some(at) = proven_at {
        sentence = sentence.text(" What was decided was last proven ").time(at, clock.to_the_second(at)).text(".");
    }
    if let Some(why) = why.filter(|why| !more.contains(why)).and_then(told) {
        sentence = sentence.text(" Since then: ").parsed(&why);
    }
    match until {
        Some(until) => sentence
            .text(" Its time is over ")
            .time(until, clock.full(until))
            .text("; what another client added may last beyond that."),
        None => sentence,
    }
}

/// The answers that a proof got: "16 allowed, 30 refused, as was intended". If some of what must be refused is allowed,
/// whatever allows it, the text says how much instead.
pub fn answers(answers: &Answers, as_intended: &str) -> String {
    let Answers { allowed, refused, wrongly_allowed, .. } = answers;
    let (allowed, refused, wrongly) = (allowed.len(), refused.len(), wrongly_allowed.len());
    let asked = refused + wrongly;
    match wrongly {
        0 => format!("{allowed} allowed, {refused} refused, {as_intended}"),
        1 => format!("{allowed} allowed, as it should be; 1 of {asked} questions that had to be refused is allowed"),
        more => {
            format!(
                "{allowed} allowed, as it should be; {more} of {asked} questions that had to be refused are allowed"
            )
        }
    }
}

/// For an access that is not set up within the usual few seconds: what it waits for. It is given up if it is not set up
/// by `activate_by`.
pub fn held_up(trouble: Trouble, why: &Blocker, activate_by: Timestamp, clock: &Clock) -> Sentence {
    if let Blocker::EntrySettles { until, .. } = why {
        return Sentence::parse("Approved, and set up. It works by ")
            .time(*until, clock.to_the_second(*until))
            .text(" at the latest, and may work sooner. The time starts then.");
    }
    let start = match trouble {
        Trouble::Retrying => {
            return Sentence::parse(
                "Approved. Setting up, slower than usual: what stands in the way is told below. The time has not \
                 started.",
            );
        }
        Trouble::Paused => "Approved, and waiting.",
        Trouble::Blocked => "Approved, and held up.",
    };
    let why = told(why).unwrap_or_else(|| "An operator has to act.".to_owned());
    let goes_on = match trouble {
        Trouble::Paused => " It goes on by itself once an operator resumes granting.",
        Trouble::Blocked | Trouble::Retrying => "",
    };
    Sentence::default()
        .text(format!("{start} "))
        .parsed(&why)
        .text(format!("{goes_on} The time has not started. What is not set up by "))
        .time(activate_by, clock.at(activate_by))
        .text(" is given up.")
}

/// The times of an access that tell its state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StandingTimes {
    /// When its cluster's part was last proven.
    pub proven_at: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// The state of an access, for its holder or others: what it is, and what to do.
pub fn standing(
    state: GrantState,
    cause: Option<Cause>,
    StandingTimes { proven_at, until, ended_at }: StandingTimes,
    clock: &Clock,
) -> Sentence {
    match state {
        GrantState::Scheduled | GrantState::Provisioning => {
            Sentence::parse("Approved. Setting up, usually a few seconds. The time has not started.")
        }
        GrantState::Active => {
            let sentence = proven(proven_at, clock);
            match until {
                // No countdown: in a live region a screen reader would read each tick out.
                Some(until) => sentence.text(". It ends ").time(until, clock.at(until)).text("."),
                None => sentence.text("."),
            }
        }
        GrantState::Revoking => {
            let why = cause.map_or("", super::access::cause);
            Sentence::default().text(format!("Being taken away: {why}. It may work until that is proven."))
        }
        GrantState::Ended => {
            let why = cause.map_or("", super::access::cause);
            let sentence = Sentence::parse("Ended and proven gone");
            let sentence = match ended_at {
                Some(at) => sentence.text(", ").time(at, clock.to_the_second(at)),
                None => sentence,
            };
            sentence.text(format!(": {why}. It opens nothing new; a session left open may last on."))
        }
    }
}

/// The state of an access that ended while something that is not Latchkey's lets its holder in: what that is stands
/// beside it.
pub fn not_shut_out(cause: Option<Cause>, ended_at: Timestamp, clock: &Clock) -> Sentence {
    let why = cause.map_or("", super::access::cause);
    Sentence::parse("Ended, not shut out. What Latchkey wrote is gone, ")
        .time(ended_at, clock.to_the_second(ended_at))
        .text(format!(": {why}. Something else still lets its holder in; those who manage the cluster can remove it."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use latchkey_domain::access::{ClusterId, grant::Condition};
    use uuid::Uuid;

    fn clock() -> Clock {
        Clock::new("2026-11-24T13:02:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn trouble_says_what_happens_next() {
        let target = Target::Cluster(ClusterId(Uuid::nil()));
        let next = "2026-11-24T13:02:10Z".parse().unwrap();
        let retrying = Condition::Retrying { why: Blocker::said("AWS is throttling us"), attempt: 2, next };
        let said = condition(target, &retrying, &clock()).unwrap().to_string();
        assert_eq!(said, "AWS is throttling us. Next try 14:02:10 CET. Nothing to do.");
        assert_eq!(condition(target, &Condition::Ok, &clock()), None);
    }

    #[test]
    fn an_access_whose_entry_settles_is_told_by_when_it_works_and_that_it_may_sooner() {
        let until = "2026-11-24T13:02:45Z".parse().unwrap();
        let why = Blocker::EntrySettles { cluster: "prod".to_owned(), until };
        let said = held_up(Trouble::Retrying, &why, until, &clock()).to_string();
        assert_eq!(
            said,
            "Approved, and set up. It works by 14:02:45 CET at the latest, and may work sooner. The time starts then."
        );
    }

    #[test]
    fn a_running_access_is_told_by_when_it_was_proven_to_work() {
        let at = |time: &str| format!("2026-11-24T{time}Z").parse().ok();
        let times = StandingTimes { proven_at: at("13:01:07"), until: at("13:30:00"), ended_at: None };
        let said = |times| standing(GrantState::Active, None, times, &clock()).to_string();
        assert_eq!(said(times), "Proven to work at 14:01:07 CET. It ends 14:30 CET.");
        assert_eq!(
            said(StandingTimes { proven_at: None, ..times }),
            "Whether it works is not known, since no proof of it can be read. It ends 14:30 CET."
        );
    }

    #[test]
    fn what_gives_more_than_was_decided_is_told_first_with_who_changed_it_and_that_it_may_last() {
        let at = |time: &str| format!("2026-11-24T{time}Z").parse().ok();
        let line = Blocker::LineWithGroups {
            username: "latchkey:ana:2".to_owned(),
            groups: vec!["system:masters".to_owned()],
            by: vec!["kubectl-edit".to_owned()],
        };
        let said = |why| gives_more(&[&line], (at("13:01:07"), why), at("13:30:00"), &clock()).to_string();
        assert_eq!(
            said(Some(&line)),
            "This access gives more than was decided. Another client added the groups system:masters to the line of \
             `latchkey:ana:2` in aws-auth (last written by kubectl-edit), which makes those who use it cluster-admin: a \
             person who may edit aws-auth has to take them out. What was decided was last proven 14:01:07 CET. Its time \
             is over in 28 min, 14:30 CET (UTC+1); what another client added may last beyond that."
        );
        let away = Blocker::said("the API server is away");
        assert!(said(Some(&away)).contains("14:01:07 CET. Since then: The API server is away. Its time is over"));
    }

    #[test]
    fn a_step_of_a_later_version_is_said_by_its_name() {
        assert_eq!(step(&StepKind::read("create_binding"), true), "Made the binding");
        assert_eq!(step(&StepKind::read("rotate_keys"), false), "Rotate keys");
    }
}
