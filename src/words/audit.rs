//! What happened, in a sentence a row of the audit log.

use super::{Clock, Sentence};
use jiff::Timestamp;
use latchkey_domain::{
    access::grant::Cause,
    audit::{Place, Unreadable},
};
use serde_json::Value;

/// An event as its sentence needs it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub action: &'a str,
    /// Who did it: a person's name, or a process.
    pub actor: &'a str,
    /// Whom it concerns, by name; nothing where that is the actor.
    pub person: Option<&'a str>,
    pub cluster: Option<&'a str>,
    pub detail: &'a Value,
}

impl Told<'_> {
    /// "Ben approved what Ana asked for on `prod-eu`." An action of another version is said by its name.
    #[expect(clippy::too_many_lines, reason = "a table: an action and its sentence")]
    pub fn sentence(&self) -> Sentence {
        let start = Sentence::default().text(self.actor);
        let whose = || self.person.map_or_else(|| "their".to_owned(), |name| format!("{name}\u{2019}s"));
        match self.action {
            "request.submitted" => {
                let start = start.text(" asked for ").name(self.text("profile"));
                let namespaces = self.texts("namespaces");
                let start = if namespaces.is_empty() {
                    start
                } else {
                    start.text(" in ").names(namespaces.iter().map(String::as_str))
                };
                self.on_cluster(start).text(self.minutes()).text(".")
            }
            "request.voted" => {
                let did = if self.text("verdict") == "deny" { " denied " } else { " approved " };
                self.on_cluster(start.text(did).text(format!("{} request", whose())))
                    .text("; more approvals are needed.")
            }
            "request.approved" => self.on_cluster(start.text(format!(" approved {} request", whose()))).text("."),
            "request.denied" => self.on_cluster(start.text(format!(" denied {} request", whose()))).text("."),
            "request.cancelled" => self.cancelled(start),
            "request.lapsed" => self
                .on_cluster(Sentence::default().text(format!("{} request", self.capital_whose())))
                .text(" lapsed undecided."),
            "grant.started" => {
                self.on_cluster(Sentence::default().text(format!("Setting up {} access", whose()))).text(" began.")
            }
            "grant.activated" => self
                .on_cluster(Sentence::default().text(format!("{} access", self.capital_whose())))
                .text(" was proven and is active."),
            "grant.revoking" => self.revoking(start),
            "grant.ended" => {
                let sentence = self.on_cluster(Sentence::default().text(format!("{} access", self.capital_whose())));
                if self.texts("residual").is_empty() {
                    sentence.text(" ended and is proven gone.")
                } else {
                    sentence.text(" ended; ours is gone, something else still allows it.")
                }
            }
            "grant.change_begun" => self
                .on_cluster(start.text(format!(" began to write for {} access", whose())))
                .text(self.place())
                .text("."),
            "grant.change_ended" => {
                let sentence = self.on_cluster(start.text(format!(" wrote for {} access", whose()))).text(self.place());
                match self.text("outcome") {
                    "" => sentence.text("."),
                    outcome => sentence.text(": ").text(outcome.trim_end_matches('.')).text("."),
                }
            }
            "grant.drift_found" => {
                self.on_cluster(start.text(format!(" found {} access changed by somebody else", whose()))).text(".")
            }
            "principal.drift_found" => start
                .text(" found ")
                .name(self.text("principal"))
                .text(" changed in IAM: ")
                .text(self.text("what"))
                .text("."),
            "cluster.drift_found" => {
                let start = self.on_cluster(start.text(" found something changed by somebody else"));
                match self.text("what") {
                    "" => start.text("."),
                    what => start.text(": ").parsed(what.trim_end_matches('.')).text("."),
                }
            }
            "cluster.added" => start.text(" took on the cluster ").name(self.text("name")).text("."),
            "cluster.dropped" => start.text(" dropped the cluster ").name(self.text("name")).text("."),
            "cluster.renamed" => start
                .text(" renamed the cluster ")
                .name(self.text("previous"))
                .text(" to ")
                .name(self.text("name"))
                .text("."),
            "cluster.fenced" => self
                .on_cluster(start.text(" stopped granting"))
                .text(": its marker is of another database, or of a later state of this one."),
            "cluster.missing" => {
                self.on_cluster(start.text(" was told by EKS that there is no such cluster:")).text(".")
            }
            "cluster.found_again" => {
                self.on_cluster(start.text(" was told by EKS that the cluster is there:")).text(".")
            }
            "cluster.gone" => match self.text("why") {
                "" => self.on_cluster(start.text(" found the cluster gone:")).text("."),
                why => Sentence::parse(why).text("."),
            },
            "cluster.restore_accepted" => {
                self.on_cluster(Sentence::default().text(self.text("by")).text(" accepted this database")).text(".")
            }
            "identity.proven" => start.text(" proved to be ").name(self.text("principal")).text("."),
            "identity.ended" => start
                .text(" found ")
                .name(self.text("principal"))
                .text(" deleted or made anew in IAM; what its holder had by it ends."),
            "identity.released" => start
                .text(" released ")
                .name(self.text("principal"))
                .text(format!(" from {}; what they had by it ends.", self.person.unwrap_or("its holder"))),
            "identity.replaced" => start
                .text(" proved ")
                .name(self.text("principal"))
                .text(", which IAM had made anew; what the old one had ends."),
            "cluster.granting_paused" => self.on_cluster(start.text(" paused granting")).text("."),
            "cluster.granting_resumed" => self.on_cluster(start.text(" resumed granting")).text("."),
            "target.tried" => {
                let start = start.text(" asked for ");
                let start = match self.cluster {
                    Some(name) => start.name(name),
                    None => start.text("an IAM user"),
                };
                start.text(" to be tried at once.")
            }
            "alarm.raised" => {
                start.text(" raised an alarm: ").parsed(self.text("what").trim_end_matches('.')).text(".")
            }
            "alarm.cleared" => {
                start.text(" cleared an alarm: ").parsed(self.text("what").trim_end_matches('.')).text(".")
            }
            "audit.exported" => {
                let rows = self.detail.get("rows").and_then(Value::as_u64).unwrap_or(0);
                start.text(format!(" exported {rows} events of the audit log as {}.", self.text("format")))
            }
            "session.ended" => match self.detail.get("sessions").and_then(Value::as_u64) {
                Some(1) | None => start.text(" ended one of their sessions."),
                Some(number) => start.text(format!(" ended {number} of their sessions.")),
            },
            "policy.applied" => match self.text("hash") {
                "" => start.text(" applied a policy."),
                hash => start.text(" applied the policy ").name(&hash[..hash.len().min(12)]).text("."),
            },
            other => self.on_cluster(start.text(format!(": {}", other.replace(['.', '_'], " ")))).text("."),
        }
    }

    fn cancelled(&self, start: Sentence) -> Sentence {
        let why = match self.text("why") {
            "policy_dropped" => ": the policy has its cluster or profile no more.",
            "policy_changed" => ": the policy does not allow it any more.",
            "principal_ended" => ": the AWS identity that it was asked for ended.",
            _ => return self.on_cluster(start.text(" cancelled their request")).text("."),
        };
        let whose = self.person.map_or_else(|| "their".to_owned(), |name| format!("{name}\u{2019}s"));
        self.on_cluster(start.text(format!(" closed {whose} request"))).text(why)
    }

    fn revoking(&self, start: Sentence) -> Sentence {
        let whose = || self.capital_whose();
        match self.text("cause") {
            "relinquished" => self.on_cluster(start.text(" gave their access")).text(" back."),
            "revoked" => {
                let access =
                    self.person.map_or_else(|| "an access".to_owned(), |name| format!("{name}\u{2019}s access"));
                self.on_cluster(start.text(format!(" revoked {access}"))).text(".")
            }
            "expired" => {
                self.on_cluster(Sentence::default().text(format!("The time of {} access", whose()))).text(" was over.")
            }
            // A cause of a later version is said by its name.
            cause => {
                let why = Cause::parse(cause)
                    .map_or_else(|| cause.replace('_', " "), |cause| super::access::cause(cause).to_owned());
                self.on_cluster(Sentence::default().text(format!("{} access", whose())))
                    .text(format!(" is being taken away: {why}."))
            }
        }
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

    fn minutes(&self) -> String {
        let minutes =
            self.detail.get("minutes").and_then(Value::as_u64).and_then(|minutes| u32::try_from(minutes).ok());
        minutes.map_or_else(String::new, |minutes| format!(" for {}", super::time::length(minutes)))
    }

    fn place(&self) -> &'static str {
        match self.text("target") {
            "principal" => ", in IAM",
            "cluster" => ", on the cluster itself",
            _ => "",
        }
    }

    fn text(&self, key: &str) -> &str {
        self.detail.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.detail.get(key).and_then(Value::as_array);
        let text =
            |value: &Value| value.as_str().or_else(|| value.get("name").and_then(Value::as_str)).map(str::to_owned);
        list.into_iter().flatten().filter_map(text).collect()
    }

    /// The reason that somebody gave.
    pub fn reason(&self) -> Option<&str> {
        Some(self.text("reason")).filter(|reason| !reason.is_empty())
    }
}

/// At the filter that names what is not there: "Nobody is called `ama` here. Did you mean `ana`?"
pub fn unknown(what: &str, near: Option<&str>) -> String {
    let mut letters = what.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let near = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    format!("{first}{}.{near}", letters.as_str())
}

/// Of a record that has no link yet; `waiting` is how many there are.
pub fn not_sealed(waiting: u64) -> String {
    let others = match waiting {
        0 | 1 => String::new(),
        more => format!(" {} more wait with it.", more - 1),
    };
    format!(
        "It waits for its link, which the worker makes within seconds.{others} Until then nothing guards its bytes."
    )
}

/// A record whose bytes tell nothing.
pub fn unreadable_event(why: &Unreadable) -> String {
    format!(
        "This record cannot be read: {why}. Its hash holds: these are the bytes that were sealed, and what its columns say \
         nothing proves. Whoever had the password of a process could write it before the database refused that."
    )
}

/// What the worker's own walks over the chain found.
#[derive(Debug, Clone, Default)]
pub struct Found<'a> {
    pub verified: Option<(Timestamp, i64)>,
    /// When, where, and what is wrong there.
    pub broken: Option<(Timestamp, Place, &'a str)>,
    pub walking: Option<i64>,
    /// Links that hold over events that cannot be read.
    pub unreadable: &'a [i64],
}

/// The first of the links whose events cannot be read, by number.
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
pub fn last_check(found: &Found<'_>, clock: &Clock) -> Sentence {
    let walking = found.walking.map_or_else(String::new, |seq| format!(" Another look is under way, at link {seq}."));
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
    use serde_json::json;

    fn said(action: &str, actor: &str, person: Option<&str>, detail: &Value) -> String {
        Told { action, actor, person, cluster: Some("prod-eu"), detail }.sentence().to_string()
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
            "Ana\u{2019}s access on `prod-eu` ended; ours is gone, something else still allows it."
        );
    }

    #[test]
    fn every_action_that_there_is_has_a_sentence_of_its_own() {
        for action in ACTIONS {
            let named = format!(": {}", action.replace(['.', '_'], " "));
            let told = said(action, "Ana", Some("Ben"), &json!({ "cause": "expired" }));
            assert!(!told.contains(&named), "{told}");
        }
    }

    #[test]
    fn an_action_of_another_version_is_said_by_its_name() {
        assert_eq!(said("grant.extended", "Ana", None, &json!(null)), "Ana: grant extended on `prod-eu`.");
    }
}
