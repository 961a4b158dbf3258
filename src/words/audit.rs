//! The audit log in sentences: one for each row.

#![deny(clippy::wildcard_enum_match_arm, reason = "a new event does not compile until it has its sentence")]

use super::{Clock, Sentence};
use jiff::Timestamp;
use latchkey_domain::{
    access::{grant::Cause, request::ClosedWhy, vote::Verdict},
    audit::{
        ChainPlace, UnreadableEvent,
        change::{BegunStep, ChangeOutcome},
        event::{Event, Everyone, Known},
    },
};

/// An event with what its sentence needs.
#[derive(Debug, Clone, Copy)]
pub struct ToldEvent<'a> {
    pub action: &'a str,
    /// What happened; none if this version does not know the event.
    pub event: Option<&'a Event>,
    /// The name of the person, or the process, that did it.
    pub actor: &'a str,
    /// The name of the person that it concerns; none if that is the actor.
    pub person: Option<&'a str>,
    pub cluster: Option<&'a str>,
}

impl ToldEvent<'_> {
    /// "Ben approved what Ana asked for on `prod-eu`." An event that this version does not know is told by its action.
    #[expect(clippy::too_many_lines, reason = "a sentence for each event, and nothing else")]
    pub fn sentence(&self) -> Sentence {
        let Some(event) = self.event else {
            let did = self.action.replace(['.', '_'], " ");
            return self.on_cluster(self.start().text(format!(": {did}"))).text(".");
        };
        let (start, whose) = (self.start(), self.whose());
        match event {
            Event::RequestSubmitted { profile, namespaces, minutes, everyone, .. } => {
                let asked = self.submitted(start.text(" asked for ").name(profile), namespaces, *minutes);
                for_everyone(asked, everyone.as_ref())
            }
            Event::RequestVoted { vote, .. } => match vote.verdict {
                Known::Is(Verdict::Approve) => self
                    .on_cluster(start.text(format!(" approved {whose} request")))
                    .text("; more approvals are needed."),
                Known::Is(Verdict::Deny) => self.on_cluster(start.text(format!(" denied {whose} request"))).text("."),
                Known::Other(_) => self.on_cluster(start.text(format!(" voted on {whose} request"))).text("."),
            },
            Event::RequestApproved { everyone, .. } => {
                let approved = self.on_cluster(start.text(format!(" approved {whose} request"))).text(".");
                for_everyone(approved, everyone.as_ref())
            }
            Event::RequestDenied { .. } => self.on_cluster(start.text(format!(" denied {whose} request"))).text("."),
            Event::RequestCancelled { why, .. } => self.cancelled(start, why),
            Event::RequestRoleUsed { role } => self
                .on_cluster(
                    start
                        .text(" can use the role ")
                        .name(role)
                        .text(format!(", so they do not approve {whose} request")),
                )
                .text("."),
            Event::RequestLapsed {} => self.on_cluster(self.theirs("request")).text(" lapsed undecided."),
            Event::GrantStarted {} => {
                self.on_cluster(Sentence::default().text(format!("Setting up {whose} access"))).text(" began.")
            }
            Event::GrantActivated { everyone, .. } => {
                let active = self.on_cluster(self.theirs("access")).text(" was proven and is active.");
                for_everyone(active, everyone.as_ref())
            }
            Event::GrantRevoking { cause, .. } => self.revoking(start, cause),
            Event::GrantEnded { residual, .. } if residual.is_empty() => {
                self.on_cluster(self.theirs("access")).text(" ended and is proven gone.")
            }
            Event::GrantEnded { .. } => self
                .on_cluster(self.theirs("access"))
                .text(" ended; what Latchkey wrote is gone, something else still allows it."),
            Event::GrantChangeBegun { target, steps, .. } => {
                let takes_away = !steps.is_empty() && steps.iter().all(BegunStep::takes_away);
                let did = if takes_away { "take away what it wrote" } else { "write" };
                let sentence = start.text(format!(" began to {did} for {whose} access"));
                self.on_cluster(sentence).text(place(target)).text(".")
            }
            Event::GrantChangeEnded { target, outcome, .. } => self.changed(start, target, outcome),
            Event::GrantDriftFound { what, .. } if what.is_empty() => {
                self.on_cluster(start.text(format!(" found {whose} access changed by another client"))).text(".")
            }
            Event::GrantDriftFound { what, .. } => self
                .on_cluster(start.text(format!(" found drift of {whose} access")))
                .text(": ")
                .parsed(what.trim_end_matches('.'))
                .text("."),
            Event::ClusterAdded { name, .. } => start.text(" took on the cluster ").name(name).text("."),
            Event::ClusterDropped { name, .. } => start.text(" dropped the cluster ").name(name).text("."),
            Event::ClusterRenamed { name, previous, .. } => {
                start.text(" renamed the cluster ").name(previous).text(" to ").name(name).text(".")
            }
            Event::ClusterFenced { .. } => self
                .on_cluster(start.text(" stopped granting"))
                .text(": its marker is of another database, or of a later state of this one."),
            Event::ClusterMissing {} => {
                self.on_cluster(start.text(" was told by EKS that there is no such cluster:")).text(".")
            }
            Event::ClusterFoundAgain {} => {
                self.on_cluster(start.text(" was told by EKS that the cluster is there:")).text(".")
            }
            Event::ClusterGone { why } if why.is_empty() => {
                self.on_cluster(start.text(" found the cluster gone:")).text(".")
            }
            Event::ClusterGone { why } => Sentence::parse(why).text("."),
            Event::ClusterRestoreAccepted { by, .. } => {
                self.on_cluster(Sentence::default().text(by).text(" accepted this database")).text(".")
            }
            Event::ClusterRoleGivenUp { role, .. } => self
                .on_cluster(start.text(" gave up the ClusterRole ").name(role))
                .text(": no access and no profile needs it any more, and it is deleted."),
            Event::ClusterGrantingPaused { .. } => self.on_cluster(start.text(" paused granting")).text("."),
            Event::ClusterGrantingResumed { .. } => self.on_cluster(start.text(" resumed granting")).text("."),
            Event::ClusterMoveAsked { principal, .. } => self
                .on_cluster(start.text(" asked to move ").name(principal).text(" from aws-auth to an access entry"))
                .text("."),
            Event::ClusterMoved { principal, .. } => self
                .on_cluster(start.text(" found ").name(principal).text(" moved from aws-auth to its access entry"))
                .text("."),
            Event::ClusterEntriesAsked {} => {
                self.on_cluster(start.text(" asked to have every identity read")).text(".")
            }
            Event::ClusterDriftFound { what, .. } if what.is_empty() => {
                self.on_cluster(start.text(" found drift")).text(".")
            }
            Event::ClusterDriftFound { what, .. } => {
                self.on_cluster(start.text(" found drift")).text(": ").parsed(what.trim_end_matches('.')).text(".")
            }
            Event::PrincipalDriftFound { principal, what, .. } => {
                start.text(" found ").name(principal).text(" changed in IAM: ").text(what).text(".")
            }
            Event::IdentityProven { principal, session: None, .. } => {
                start.text(" proved to be ").name(principal).text(".")
            }
            Event::IdentityProven { principal, session: Some(session), .. } => {
                start.text(" proved to be the session ").name(session).text(" of ").name(principal).text(".")
            }
            Event::IdentityEnded { principal, .. } => start
                .text(" found ")
                .name(principal)
                .text(" deleted or made anew in IAM; what its holder had by it ends."),
            Event::IdentityProofEnded { principal, session } => Sentence::default()
                .text(format!("The proof of {} session ", self.whose()))
                .name(session)
                .text(" of ")
                .name(principal)
                .text(" is over: it was made while anyone could take that name."),
            Event::IdentityReleased { principal, .. } => start
                .text(" released ")
                .name(principal)
                .text(format!(" from {}; what they had by it ends.", self.person.unwrap_or("its holder"))),
            Event::IdentityReplaced { principal, .. } => {
                start.text(" proved ").name(principal).text(", which IAM had made anew; what the old one had ends.")
            }
            Event::AlarmRaised { what, .. } => self.alarm(" raised an alarm: ", what),
            Event::AlarmCleared { what, .. } => self.alarm(" cleared an alarm: ", what),
            Event::TargetTried { .. } => {
                let start = start.text(" asked for ");
                let start = match self.cluster {
                    Some(name) => start.name(name),
                    None => start.text("an AWS identity"),
                };
                start.text(" to be tried at once.")
            }
            Event::AuditCheckAsked {} => start.text(" asked for a check of the whole audit log."),
            Event::AuditExported { rows, format, .. } => {
                start.text(format!(" exported {rows} events of the audit log as {format}."))
            }
            Event::SessionEnded { sessions: 0 | 1 } => start.text(" ended one of their sessions."),
            Event::SessionEnded { sessions } => start.text(format!(" ended {sessions} of their sessions.")),
            Event::PolicyApplied { hash, .. } if hash.is_empty() => start.text(" applied a policy."),
            Event::PolicyApplied { hash, .. } => {
                let short: String = hash.chars().take(12).collect();
                start.text(" applied the policy ").name(&short).text(".")
            }
        }
    }

    fn submitted(&self, start: Sentence, namespaces: &[String], minutes: u32) -> Sentence {
        let start =
            if namespaces.is_empty() { start } else { start.text(" in ").names(namespaces.iter().map(String::as_str)) };
        let sentence = self.on_cluster(start);
        let sentence = match minutes {
            0 => sentence,
            minutes => sentence.text(format!(" for {}", super::time::length(minutes))),
        };
        sentence.text(".")
    }

    fn cancelled(&self, start: Sentence, why: &Known<ClosedWhy>) -> Sentence {
        let why = match why {
            Known::Is(ClosedWhy::PolicyDropped) => ": the policy no longer has its cluster or profile.",
            Known::Is(ClosedWhy::PolicyChanged) => ": the policy does not allow it any more.",
            Known::Is(ClosedWhy::PrincipalEnded) => ": the AWS identity that it was asked for ended.",
            Known::Is(ClosedWhy::Requester) | Known::Other(_) => {
                return self.on_cluster(start.text(" cancelled their request")).text(".");
            }
        };
        self.on_cluster(start.text(format!(" closed {} request", self.whose()))).text(why)
    }

    fn changed(&self, start: Sentence, target: &str, outcome: &ChangeOutcome) -> Sentence {
        let (did, told) = match outcome {
            ChangeOutcome::Proven => ("wrote", "proven"),
            ChangeOutcome::ProvenGone => ("took away what it wrote", "proven gone"),
            ChangeOutcome::Interrupted => ("wrote", "interrupted"),
            ChangeOutcome::Unmarked => ("wrote", "written; it is proven once its row is not locked"),
            ChangeOutcome::Said(text) => ("wrote", text.trim_end_matches('.')),
        };
        let sentence = start.text(format!(" {did} for {} access", self.whose()));
        let sentence = self.on_cluster(sentence).text(place(target));
        if told.is_empty() { sentence.text(".") } else { sentence.text(": ").text(told).text(".") }
    }

    fn revoking(&self, start: Sentence, cause: &Known<Cause>) -> Sentence {
        match cause {
            Known::Is(Cause::Relinquished) => self.on_cluster(start.text(" gave their access")).text(" back."),
            Known::Is(Cause::Revoked) => {
                let access =
                    self.person.map_or_else(|| "an access".to_owned(), |name| format!("{name}\u{2019}s access"));
                self.on_cluster(start.text(format!(" revoked {access}"))).text(".")
            }
            Known::Is(Cause::Expired) => {
                let whose = self.capital_whose();
                self.on_cluster(Sentence::default().text(format!("The time of {whose} access"))).text(" was over.")
            }
            Known::Is(
                cause @ (Cause::Departed
                | Cause::Ineligible
                | Cause::ReviewMissed
                | Cause::Undeliverable
                | Cause::PrincipalReplaced
                | Cause::ClusterGone
                | Cause::Incident
                | Cause::NotAllowed
                | Cause::PolicyChanged
                | Cause::Released
                | Cause::Unpinned),
            ) => self.taken_away(super::access::cause(*cause)),
            // A cause that this version does not know is told by its name.
            Known::Other(cause) => self.taken_away(&cause.replace('_', " ")),
        }
    }

    fn taken_away(&self, why: &str) -> Sentence {
        self.on_cluster(self.theirs("access")).text(format!(" is being taken away: {why}."))
    }

    fn alarm(&self, did: &str, what: &str) -> Sentence {
        self.start().text(did).parsed(what.trim_end_matches('.')).text(".")
    }

    fn start(&self) -> Sentence {
        Sentence::default().text(self.actor)
    }

    fn whose(&self) -> String {
        self.person.map_or_else(|| "their".to_owned(), |name| format!("{name}\u{2019}s"))
    }

    /// "Ana's access", at the start of a sentence.
    fn theirs(&self, what: &str) -> Sentence {
        Sentence::default().text(format!("{} {what}", self.capital_whose()))
    }

    fn on_cluster(&self, sentence: Sentence) -> Sentence {
        match self.cluster {
            Some(name) => sentence.text(" on ").name(name),
            None => sentence,
        }
    }

    fn capital_whose(&self) -> String {
        match self.person {
            Some(name) => format!("{name}\u{2019}s"),
            None => format!("{}\u{2019}s", self.actor),
        }
    }
}

/// " It is for everyone who can use role `deployers`, seen so far: ana, ben."
fn for_everyone(sentence: Sentence, everyone: Option<&Everyone>) -> Sentence {
    let Some(Everyone { role, seen }) = everyone else { return sentence };
    let handles: Vec<&str> = seen.iter().map(String::as_str).collect();
    let sentence = sentence.text(" It is for everyone who can use role ").name(role);
    super::identity::seen_so_far(sentence, &handles).text(".")
}

fn place(target: &str) -> &'static str {
    match target {
        "principal" => ", in IAM",
        "cluster" => ", on the cluster itself",
        _ => "",
    }
}

/// Shown at the filter that names an unknown thing: "No person is called `ama` here. Did you mean `ana`?"
pub fn unknown(what: &str, near: Option<&str>) -> String {
    let mut letters = what.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let near = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    format!("{first}{}.{near}", letters.as_str())
}

/// For a record without a link; `waiting` is how many there are.
pub fn not_sealed(waiting: u64) -> String {
    let others = match waiting {
        0 | 1 => String::new(),
        more => format!(" {} more wait with it.", more - 1),
    };
    format!(
        "It waits for its link, which the worker makes within seconds.{others} Until then nothing guards its bytes."
    )
}

/// For a record whose bytes cannot be read.
pub fn unreadable_event(why: &UnreadableEvent) -> String {
    format!(
        "This record cannot be read: {why}. Its hash holds: these are the bytes that were sealed, and what its columns \
         say nothing proves. A holder of a process's password could write it before the database refused that."
    )
}

/// What the worker's walks over the chain found.
#[derive(Debug, Clone, Default)]
pub struct WalkedChain<'a> {
    pub verified: Option<(Timestamp, i64)>,
    /// When, where, and what is wrong there.
    pub broken: Option<(Timestamp, ChainPlace, &'a str)>,
    pub walking: Option<i64>,
    /// Whether one was asked for that did not begin yet.
    pub asked: bool,
    /// Whether no worker answers that could begin it, or go on with it.
    pub unattended: bool,
    /// Links that verify over events that cannot be read.
    pub unreadable: &'a [i64],
}

/// How many of the links with unreadable events are named, lowest number first.
const UNREADABLE_NAMED: usize = 5;

/// " The events of links 7 and 9 cannot be read; their hashes hold."
fn unreadable(links: &[i64]) -> String {
    let named: Vec<String> = links.iter().take(UNREADABLE_NAMED).map(ToString::to_string).collect();
    match links.len() {
        0 => String::new(),
        1 => format!(" The event of link {} cannot be read; its hash holds.", named.join("")),
        all if all > named.len() => {
            format!(" The events of links {} and others cannot be read; their hashes hold.", named.join(", "))
        }
        _ => format!(" The events of links {} cannot be read; their hashes hold.", named.join(", ")),
    }
}

/// The last verification: "The worker verified the whole chain up to link 4102 2 h ago."
pub fn last_check(found: &WalkedChain<'_>, clock: &Clock) -> Sentence {
    let walking = match (found.walking, found.asked, found.unattended) {
        (Some(seq), _, false) => format!(" Another look is under way, at link {seq}."),
        (Some(seq), _, true) => {
            format!(" Another look stands still at link {seq}: no worker answers. It goes on once one runs.")
        }
        (None, true, false) => " Another look was asked for; a worker begins it within seconds.".to_owned(),
        (None, true, true) => " Another look was asked for, and no worker answers: it begins once one runs.".to_owned(),
        (None, false, _) => String::new(),
    };
    let walking = unreadable(found.unreadable) + &walking;
    match (&found.broken, found.verified) {
        (Some((at, place, why)), _) => Sentence::default()
            .text(format!("The worker found the chain broken {place}, "))
            .time(*at, clock.relative(*at))
            .text(format!(": {}.{walking}", why.trim_end_matches('.'))),
        (None, Some((at, seq))) => Sentence::default()
            .text(format!("The worker verified the whole chain up to link {seq}, "))
            .time(at, clock.relative(at))
            .text(format!(".{walking}")),
        (None, None) => Sentence::default().text(format!("No worker verified the whole chain yet.{walking}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::audit::names::ACTIONS;
    use serde_json::{Value, json};

    fn said(action: &str, actor: &str, person: Option<&str>, detail: &Value) -> String {
        let event = Event::read(action, detail);
        ToldEvent { action, event: event.as_ref(), actor, person, cluster: Some("prod-eu") }.sentence().to_string()
    }

    #[test]
    fn a_row_says_who_did_what_to_whom() {
        let ask = json!({ "profile": "view", "namespaces": ["payments"], "minutes": 60 });
        assert_eq!(
            said("request.submitted", "Ana", None, &ask),
            "Ana asked for `view` in `payments` on `prod-eu` for 1 hour."
        );
        assert_eq!(
            said("request.approved", "Ben", Some("Ana"), &json!({})),
            "Ben approved Ana\u{2019}s request on `prod-eu`."
        );
        assert_eq!(
            said("grant.revoking", "worker", Some("Ana"), &json!({ "cause": "expired" })),
            "The time of Ana\u{2019}s access on `prod-eu` was over."
        );
        assert_eq!(
            said("grant.revoking", "worker", Some("Ana"), &json!({ "cause": "not_allowed" })),
            "Ana\u{2019}s access on `prod-eu` is being taken away: the current policy does not allow it as it was decided."
        );
        assert_eq!(
            said("grant.revoking", "worker", Some("Ana"), &json!({ "cause": "moon_fell" })),
            "Ana\u{2019}s access on `prod-eu` is being taken away: moon fell."
        );
        assert_eq!(
            said("grant.ended", "worker", Some("Ana"), &json!({ "residual": ["x"] })),
            "Ana\u{2019}s access on `prod-eu` ended; what Latchkey wrote is gone, something else still allows it."
        );
    }

    #[test]
    fn what_is_written_and_what_is_taken_away_are_told_apart() {
        let begun = |steps: &[&str]| {
            said(
                "grant.change_begun",
                "Worker",
                Some("Ana"),
                &json!({ "target": "principal", "epoch": 1, "steps": steps }),
            )
        };
        let write = "Worker began to write for Ana\u{2019}s access on `prod-eu`, in IAM.";
        assert_eq!(begun(&["put_policy inline policy latchkey of ana"]), write);
        assert_eq!(begun(&["delete_policy x", "put_policy y"]), write);
        let take = "Worker began to take away what it wrote for Ana\u{2019}s access on `prod-eu`, in IAM.";
        assert_eq!(begun(&["delete_policy x", "untag_principal y"]), take);
        let ended = |outcome: &str| {
            said(
                "grant.change_ended",
                "Worker",
                Some("Ana"),
                &json!({ "target": "cluster", "epoch": 1, "outcome": outcome }),
            )
        };
        assert_eq!(
            ended("proven gone"),
            "Worker took away what it wrote for Ana\u{2019}s access on `prod-eu`, on the cluster itself: proven gone."
        );
        assert_eq!(
            ended("proven"),
            "Worker wrote for Ana\u{2019}s access on `prod-eu`, on the cluster itself: proven."
        );
    }

    #[test]
    fn drift_is_told_with_what_changed_and_whose_access_it_was() {
        let what = "another client deleted RoleBinding payments/latchkey-1 while the access runs; it is put back";
        let found = |what: &str| json!({ "what": what, "objects": [], "version": null });
        assert_eq!(
            said("grant.drift_found", "Worker", Some("Ana"), &found(what)),
            format!("Worker found drift of Ana\u{2019}s access on `prod-eu`: {what}.")
        );
        assert_eq!(
            said("grant.drift_found", "Worker", Some("Ana"), &found("")),
            "Worker found Ana\u{2019}s access changed by another client on `prod-eu`."
        );
    }

    #[test]
    fn a_look_that_was_asked_for_is_not_promised_within_seconds_while_no_worker_answers() {
        let clock = Clock::new("2026-11-24T13:02:00Z".parse().unwrap(), jiff::tz::TimeZone::UTC);
        let said = |walking, asked, unattended| {
            last_check(&WalkedChain { walking, asked, unattended, ..WalkedChain::default() }, &clock).to_string()
        };
        assert!(said(None, true, false).ends_with("a worker begins it within seconds."));
        assert!(said(None, true, true).ends_with("no worker answers: it begins once one runs."));
        assert!(said(Some(7), false, false).ends_with("Another look is under way, at link 7."));
        assert!(
            said(Some(7), false, true)
                .ends_with("stands still at link 7: no worker answers. It goes on once one runs.")
        );
        assert_eq!(said(None, false, true), "No worker verified the whole chain yet.");
    }

    #[test]
    fn every_action_that_there_is_has_a_sentence_of_its_own() {
        for action in ACTIONS.iter().copied() {
            let named = format!(": {}", action.replace(['.', '_'], " "));
            let told = said(action, "Ana", Some("Ben"), &json!({ "cause": "expired" }));
            assert!(!told.contains(&named), "{told}");
        }
    }

    #[test]
    fn a_vote_that_cannot_be_read_is_no_approval() {
        let vote = |detail: Value| said("request.voted", "Ben", Some("Ana"), &detail);
        assert_eq!(
            vote(json!({ "verdict": "approve" })),
            "Ben approved Ana\u{2019}s request on `prod-eu`; more approvals are needed."
        );
        assert_eq!(vote(json!({ "verdict": "deny" })), "Ben denied Ana\u{2019}s request on `prod-eu`.");
        for odd in [json!({ "verdict": "abstain" }), json!({})] {
            assert_eq!(vote(odd), "Ben voted on Ana\u{2019}s request on `prod-eu`.");
        }
    }

    #[test]
    fn an_action_of_another_version_is_said_by_its_name() {
        assert_eq!(said("grant.extended", "Ana", None, &json!(null)), "Ana: grant extended on `prod-eu`.");
    }
}
