//! The access sentence: "Ana can read pods in `payments` on `prod-eu` until 16:30 CET".

use super::{Clock, Sentence, identity::RoleHolders, time::length};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        compared::UNPROTECTED,
        grant::{Cause, GrantState},
        profile::{ResolvedProfile, Scope},
        request::{ClosedWhy, RequestState},
        terms::Terms,
    },
    eks::rbac::{Capability, Kinds, Reach, capabilities},
};

/// The person that a sentence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentenceSubject<'a> {
    /// The reader.
    You,
    Named(&'a str),
}

impl<'a> SentenceSubject<'a> {
    /// `You` if the person is the reader.
    pub fn of(name: &'a str, is_reader: bool) -> Self {
        if is_reader { Self::You } else { Self::Named(name) }
    }

    /// The subject at the start of a sentence.
    pub fn start(self) -> &'a str {
        match self {
            Self::You => "You",
            Self::Named(name) => name,
        }
    }

    fn verb(self, you: &'static str, they: &'static str) -> &'static str {
        match self {
            Self::You => you,
            Self::Named(_) => they,
        }
    }
}

/// What the access allows and where: the middle of every access sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access<'a> {
    /// Everyone who can use a role, if they all have the access.
    pub everyone: Option<RoleHolders<'a>>,
    /// "read pods": see [`doing`].
    pub doing: &'a str,
    pub scope: Scope,
    pub namespaces: Vec<&'a str>,
    pub cluster: &'a str,
}

impl<'a> Access<'a> {
    /// The access with these terms, which allow `doing`: see [`doing`].
    pub fn of(doing: &'a str, terms: &'a Terms) -> Self {
        let namespaces = terms.namespaces.iter().map(|namespace| namespace.name.as_str()).collect();
        Self {
            everyone: RoleHolders::of(terms),
            doing,
            scope: terms.profile.scope,
            namespaces,
            cluster: &terms.cluster_name,
        }
    }
}

/// The state of a request or an access, with its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    Asked {
        state: RequestState,
        minutes: u32,
    },
    Granted {
        state: GrantState,
        minutes: u32,
        active: Option<(Timestamp, Timestamp)>,
        ended_at: Option<Timestamp>,
    },
    /// It runs, and what was seen since its last proof on the cluster speaks against it.
    InDoubt {
        proven_at: Option<Timestamp>,
    },
    /// It ended, and was in doubt from then until its end.
    EndedInDoubt {
        since: Timestamp,
        ended_at: Timestamp,
    },
}

/// How many namespaces a heading names before it counts the rest.
const NAMED_NAMESPACES: usize = 3;

impl Access<'_> {
    /// The access sentence, without a full stop: it heads cards, pages and mails.
    pub fn sentence(&self, subject: SentenceSubject<'_>, tense: Tense, clock: &Clock) -> Sentence {
        let asks = Sentence::default().text(subject.start());
        let start = self.holders(subject);
        // "Everyone" takes the verbs of "she".
        let verb = |you: &'static str, they: &'static str| match self.everyone {
            Some(_) => they,
            None => subject.verb(you, they),
        };
        match tense {
            Tense::Asked { state: RequestState::Pending, minutes } => {
                let start = match self.everyone {
                    Some(all) => {
                        let asks = asks.text(subject.verb(" ask that everyone", " asks that everyone"));
                        all.clause(asks).text(" can ")
                    }
                    None => asks.text(subject.verb(" ask to ", " asks to ")),
                };
                self.place(start).text(format!(" for {}", length(minutes)))
            }
            // The outcome of an approved request is another sentence: an old list must not say that a person may do
            // this now.
            Tense::Asked {
                state: RequestState::Approved | RequestState::Denied | RequestState::Cancelled | RequestState::Lapsed,
                minutes,
            } => {
                let start = match self.everyone {
                    Some(all) => all.clause(asks.text(" asked that everyone")).text(" could "),
                    None => asks.text(" asked to "),
                };
                self.place(start).text(format!(" for {}", length(minutes)))
            }
            Tense::Granted { state: GrantState::Scheduled | GrantState::Provisioning, minutes, .. } => {
                self.place(start.text(" will be able to ")).text(format!(" for {}, once it is set up", length(minutes)))
            }
            Tense::Granted { state: GrantState::Active, active, .. } => {
                let sentence = self.place(start.text(" can "));
                match active {
                    Some((_, until)) => sentence.text(" until ").time(until, clock.at(until)),
                    None => sentence,
                }
            }
            Tense::InDoubt { proven_at } => {
                let sentence = self.place(start.text(" could ")).text(" when that was last proven");
                match proven_at {
                    Some(at) => sentence.text(", ").time(at, clock.at(at)),
                    None => sentence,
                }
            }
            Tense::EndedInDoubt { since, ended_at } => self
                .place(start.text(" could "))
                .text(" until ")
                .time(since, clock.at(since))
                .text("; from then to its end, ")
                .time(ended_at, clock.at(ended_at))
                .text(", that was in doubt"),
            Tense::Granted { state: GrantState::Revoking, .. } => {
                self.place(start.text(verb(" are losing the right to ", " is losing the right to ")))
            }
            Tense::Granted { state: GrantState::Ended, active, ended_at, .. } => match (active, ended_at) {
                (Some(_), Some(at)) => self.place(start.text(" could ")).text(" until ").time(at, clock.at(at)),
                _ => self.place(start.text(verb(" were to ", " was to "))).text(", which never began"),
            },
        }
    }

    /// Who has the access: the subject, or everyone who can use its role.
    fn holders(&self, subject: SentenceSubject<'_>) -> Sentence {
        match self.everyone {
            Some(all) => all.clause(Sentence::default().text("Everyone")),
            None => Sentence::default().text(subject.start()),
        }
    }

    /// What can be done where, without a time: "read pods in `payments` on `prod-eu`".
    pub fn place(&self, start: Sentence) -> Sentence {
        let sentence = start.parsed(self.doing);
        match self.scope {
            Scope::Cluster => sentence.text(" on all of ").name(self.cluster),
            Scope::Namespace => {
                let named = self.namespaces.iter().copied().take(NAMED_NAMESPACES);
                let sentence = sentence.text(" in ");
                let sentence = match self.namespaces.len().saturating_sub(NAMED_NAMESPACES) {
                    0 => sentence.names(named),
                    more => {
                        let (first, rest) = self.namespaces.split_at(1);
                        let sentence = sentence.name(first[0]);
                        let sentence =
                            rest.iter().take(NAMED_NAMESPACES - 1).fold(sentence, |s, n| s.text(", ").name(*n));
                        sentence.text(format!(" and {more} more namespaces"))
                    }
                };
                sentence.text(" on ").name(self.cluster)
            }
        }
    }
}

/// The kinds that people look for first, in this order.
const WELL_KNOWN: [&str; 9] = [
    "everything",
    "pods",
    "deployments.apps",
    "secrets",
    "services",
    "configmaps",
    "jobs.batch",
    "nodes",
    "namespaces",
];

/// What a profile allows, in a few words for a heading: "read pods", "read and change pods and 31 more".
pub fn doing(profile: &ResolvedProfile) -> String {
    doing_on(profile, Kinds::of_kubernetes())
}

/// The same on a cluster that serves these kinds; if `kinds` is empty, with the kinds of Kubernetes itself.
pub fn doing_on(profile: &ResolvedProfile, kinds: &Kinds) -> String {
    let kinds = if kinds.is_empty() { Kinds::of_kubernetes() } else { kinds };
    let reach = match profile.scope {
        Scope::Cluster => Reach::Cluster,
        Scope::Namespace => Reach::Namespaces(vec![]),
    };
    let all = capabilities(&profile.workable(&reach, kinds).rules);
    let only_reads = all.iter().all(Capability::only_reads);
    let chosen = all.iter().filter(|capability| only_reads || !capability.only_reads());
    let Some(widest) = chosen.max_by_key(|capability| (has_wildcard(capability), capability.things.len())) else {
        return "do nothing".to_owned();
    };
    let known = WELL_KNOWN.iter().find(|known| widest.things.iter().any(|thing| thing == *known));
    let thing = known.copied().or_else(|| widest.things.first().map(String::as_str)).unwrap_or("nothing");
    let kinds: std::collections::BTreeSet<&String> =
        all.iter().flat_map(|capability| &capability.things).filter(|thing| !thing.contains('/')).collect();
    let more = kinds.len().saturating_sub(1);
    let thing = thing.split('.').next().unwrap_or(thing);
    let verbs = widest.verb_phrase();
    match more {
        0 => format!("{verbs} {thing}"),
        1 => format!("{verbs} {thing} and one other kind"),
        more => format!("{verbs} {thing} and {more} other kinds"),
    }
}

fn has_wildcard(capability: &Capability) -> bool {
    capability.things.iter().any(|thing| thing.starts_with("everything")) || capability.verbs.iter().any(|v| v == "*")
}

/// Why an access ended, as a clause: "its time was over".
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Expired => "its time was over",
        Cause::Relinquished => "it was given back",
        Cause::Revoked => "it was revoked",
        Cause::Departed => "its holder left",
        Cause::Ineligible => "its holder may no longer ask for it",
        Cause::ReviewMissed => "no reviewer confirmed it",
        Cause::Undeliverable => "it could not be set up in time",
        Cause::PrincipalReplaced => "the AWS identity was replaced by another of the same name",
        Cause::ClusterGone => "the cluster is gone",
        Cause::Incident => "it was ended for an incident",
        Cause::NotAllowed => "the current policy does not allow it as it was decided",
        Cause::PolicyChanged => "the policy was changed before it was set up, and does not grant it any more",
        Cause::Released => "an operator released the AWS identity that it went to",
        Cause::Unpinned => {
            "other people could take the name of its session: the role\u{2019}s trust policy was changed"
        }
    }
}

/// The sentence for an access whose IAM user Latchkey cannot identify now.
pub fn unprotected(arn: &str) -> String {
    format!(
        "This access is {UNPROTECTED}: AWS does not let Latchkey see who has the ARN {arn}. Those who manage IAM have \
         to allow iam:GetUser on it, as `latchkey bootstrap` prints it."
    )
}

/// The sentence in a preview for values that are not known yet.
pub fn not_yet(id: &str, latest_end: &str) -> String {
    format!(
        "`{id}` is the access\u{2019}s own, which it gets once it is approved. `{latest_end}` is 30 minutes to set it up, \
         and the time asked for, after that."
    )
}

/// For an access of whose bindings some are not on the cluster, as far as the answers to writes tell.
pub fn bindings_not_written(missing: usize, many: usize, over: bool) -> String {
    let yet = if over { "" } else { " yet" };
    match (missing == many, many) {
        (true, 1) => format!("Its binding was not written{yet}."),
        (true, _) => format!("None of its {many} bindings was written{yet}."),
        (false, _) => format!("{missing} of its {many} bindings were not written{yet}."),
    }
}

/// For an access that binds to what another client's access entry says.
pub fn foreign_entry_used(username: &str) -> String {
    format!(
        "Nothing of Latchkey\u{2019}s: another client\u{2019}s access entry maps this identity to `{username}`, and it \
         is used as it is."
    )
}

/// What the annotation `latchkey/ends-by` of a binding means.
pub fn ends_by(minutes: u32) -> String {
    format!(
        "`latchkey/ends-by` is the latest that it could have ended by: 30 minutes to set it up, and {}. It ends when its \
         time is over.",
        length(minutes)
    )
}

/// The word of a grant's pill.
pub fn grant_state(state: GrantState) -> &'static str {
    match state {
        GrantState::Scheduled => "Scheduled",
        GrantState::Provisioning => "Setting up",
        GrantState::Active => "Active",
        GrantState::Revoking => "Ending",
        GrantState::Ended => "Ended",
    }
}

/// The word of a request's pill; for a cancelled request it also says why.
pub fn request_state(state: RequestState, why: Option<ClosedWhy>) -> &'static str {
    match state {
        RequestState::Pending => "Waiting",
        RequestState::Approved => "Approved",
        RequestState::Denied => "Denied",
        RequestState::Cancelled => match why {
            None | Some(ClosedWhy::Requester) => "Cancelled",
            Some(ClosedWhy::PolicyDropped) => "Closed: dropped by the policy",
            Some(ClosedWhy::PolicyChanged) => "Closed: the rules changed",
            Some(ClosedWhy::PrincipalEnded) => "Closed: its identity ended",
        },
        RequestState::Lapsed => "Lapsed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use latchkey_domain::eks::rbac::{Lives, Rule};
    use latchkey_testkit::resolved;

    /// Ana's, of one person.
    fn reads() -> Access<'static> {
        Access {
            everyone: None,
            doing: "read pods",
            scope: Scope::Namespace,
            namespaces: vec!["payments"],
            cluster: "prod-eu",
        }
    }

    #[test]
    fn what_runs_and_is_in_doubt_is_told_as_it_was_last_proven() {
        let clock = Clock::new("2026-11-24T13:30:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        let access = reads();
        let proven_at = "2026-11-24T13:02:00Z".parse().ok();
        assert_eq!(
            access.sentence(SentenceSubject::You, Tense::InDoubt { proven_at }, &clock).to_string(),
            "You could read pods in `payments` on `prod-eu` when that was last proven, 14:02 CET"
        );
    }

    #[test]
    fn what_ended_in_doubt_is_not_told_as_if_it_had_worked_until_its_end() {
        let clock = Clock::new("2026-11-24T13:30:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        let access = reads();
        let at = |time: &str| format!("2026-11-24T{time}Z").parse().unwrap();
        let tense = Tense::EndedInDoubt { since: at("12:40:00"), ended_at: at("13:02:00") };
        assert_eq!(
            access.sentence(SentenceSubject::You, tense, &clock).to_string(),
            "You could read pods in `payments` on `prod-eu` until 13:40 CET; from then to its end, 14:02 CET, that was in \
             doubt"
        );
    }

    #[test]
    fn an_access_by_a_shared_role_is_everyones_in_each_tense() {
        let clock = Clock::new("2026-11-24T13:30:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        let (ana, ben) = (latchkey_testkit::ana(), latchkey_testkit::ben());
        let terms = latchkey_testkit::terms().of_shared_role("deployers", &[ana, ben]);
        let access = Access::of("read pods", &terms);
        let at = |time: &str| format!("2026-11-24T{time}Z").parse().unwrap();
        let asked = |state| Tense::Asked { state, minutes: 60 };
        let granted = |state| Tense::Granted {
            state,
            minutes: 60,
            active: Some((at("12:00:00"), at("13:00:00"))),
            ended_at: Some(at("12:30:00")),
        };
        let all = "veryone who can use role `deployers`, seen so far: Ana Petrova, Ben Okafor,";
        let place = "read pods in `payments` on `prod-eu`";
        for (subject, tense, told) in [
            (SentenceSubject::You, asked(RequestState::Pending), format!("You ask that e{all} can {place} for 1 hour")),
            (
                SentenceSubject::Named("Ana Petrova"),
                asked(RequestState::Denied),
                format!("Ana Petrova asked that e{all} could {place} for 1 hour"),
            ),
            (SentenceSubject::You, granted(GrantState::Active), format!("E{all} can {place} until 14:00 CET")),
            (SentenceSubject::You, granted(GrantState::Revoking), format!("E{all} is losing the right to {place}")),
            (SentenceSubject::You, granted(GrantState::Ended), format!("E{all} could {place} until 13:30 CET")),
        ] {
            assert_eq!(access.sentence(subject, tense, &clock).to_string(), told);
        }
    }

    #[test]
    fn users_of_a_role_are_counted_past_the_fifth() {
        let told = super::super::identity::seen_so_far(Sentence::default(), &["A", "B", "C", "D", "E", "F", "G"]);
        assert_eq!(told.to_string(), ", seen so far: A, B, C, D, E and 2 more");
        assert_eq!(super::super::identity::seen_so_far(Sentence::default(), &[]).to_string(), "");
    }

    #[test]
    fn a_heading_counts_the_same_where_the_cluster_is_known_and_where_it_is_not() {
        let rules = vec![
            Rule::of(&["get"], &[""], &["pods", "configmaps"]),
            Rule::of(&["get"], &["extensions"], &["deployments", "ingresses"]),
            Rule::of(&["get"], &["argoproj.io"], &["workflows"]),
        ];
        let profile = resolved("view").allows(rules);
        let mut kinds = Kinds::of_kubernetes().clone();
        kinds.add("argoproj.io", "workflows", Lives::InNamespaces);
        assert_eq!(doing(&profile), "get pods and 2 other kinds");
        assert_eq!(doing_on(&profile, &kinds.all_groups()), doing(&profile));
    }
}
