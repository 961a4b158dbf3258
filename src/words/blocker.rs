//! Blockers in sentences: why a grant or a target is not in its desired state, and who has to act.
//!
//! A sentence that continues after a name begins in lower case; `steps::full_stop` capitalises one that stands alone.

use latchkey_domain::{
    access::blocker::{Blocker, FailedCall, UnfitUsername},
    eks::trust_policy::RoleTrust,
    plan::authenticator::as_masters,
};
use std::collections::BTreeMap;

/// The sentence of a blocker.
#[expect(clippy::too_many_lines, reason = "a sentence for each blocker, and nothing else")]
pub fn sentence(why: &Blocker) -> String {
    match why {
        Blocker::Paused { cluster, why } => format!("An operator paused granting on {cluster}: {why}"),
        Blocker::NoPolicy { why } => {
            format!("nothing new is set up while this worker can read no policy ({why}); it goes on once it can")
        }
        Blocker::NotRead { cluster } => format!(
            "{cluster} was not read yet, so it is not known what the profile allows there; it goes on once it is read"
        ),
        Blocker::Unreadable { why } => {
            format!("what it rests on cannot be read ({why}): an operator has to look at its rows")
        }
        Blocker::NotAllowed { refusal } => refusal.to_string(),
        Blocker::ClusterGone { why } => why.clone(),
        Blocker::ClusterMadeAgain { cluster, arn, was, is } => format!(
            "{cluster} was deleted and made again (EKS says that {arn} was created at {is:.0}, and not at {was:.0}): the \
             new cluster inherits nothing until an operator takes it on with `latchkey policy apply`"
        ),
        Blocker::NoSuchCluster { cluster, arn, minutes_apart } => format!(
            "{cluster} does not exist any more: EKS said twice, at least {minutes_apart} minutes apart, that there is no {arn}"
        ),
        Blocker::NamespaceGone { cluster, namespace } => {
            format!("the namespace {namespace} does not exist on {cluster} any more: ask again once there is one")
        }
        Blocker::NamespaceMadeAgain { cluster, namespace } => format!(
            "the namespace {namespace} on {cluster} was deleted and made again since this was asked, and a new one \
             inherits nothing: ask again"
        ),
        Blocker::RoleMissing { cluster, role } => {
            format!("there is no ClusterRole {role} on {cluster}: an operator has to make it")
        }
        Blocker::RoleWider { cluster, role, added } => format!(
            "the ClusterRole {role} on {cluster} allows more than when this was decided (to {added}): ask again, so that \
             it is decided on what it allows now"
        ),
        Blocker::AllowsMore { cluster, role, added } => format!(
            "the ClusterRole {role} on {cluster} allows more than when this was approved ({added}), so this access does, \
             too, until it ends"
        ),
        Blocker::OwnRoleWidened { cluster, role, added } => format!(
            "another client changed the ClusterRole {role} on {cluster}, which is Latchkey's and never changes: it \
             allows to {added} now, which no approver decided, so no subject is bound to it. An operator has to delete \
             it; then it is made again, and the access goes on"
        ),
        Blocker::NothingWorks { cluster, profile, example } => {
            let example = example.as_ref().map_or_else(String::new, |never| format!(", such as: {never}"));
            mend(&format!("nothing that `{profile}` allows can work on {cluster}{example}"))
        }
        Blocker::NeverWorks { cluster, profile, rights } => {
            let rights: Vec<String> = rights.iter().map(ToString::to_string).collect();
            mend(&format!("`{profile}` names what can never work on {cluster}: {}", rights.join("; ")))
        }
        Blocker::MarkerMissing { cluster } => format!(
            "{cluster} has no ConfigMap kube-system/latchkey, which says whose cluster it is: an operator has to apply \
             what `latchkey bootstrap {cluster}` prints"
        ),
        Blocker::OtherInstallation { cluster, installation } => format!(
            "{cluster} is marked as belonging to another installation of Latchkey ({installation}): an operator has to \
             find out which of the two databases is the right one, and accept this one (`latchkey accept-restore \
             {cluster}`); until then access is only taken away here"
        ),
        Blocker::LaterEpoch { cluster, epoch, known } => format!(
            "{cluster} has seen a later state of this installation (epoch {epoch}, the database is at {known}): the \
             database was restored from a backup; until an operator accepts that (`latchkey accept-restore {cluster}`), \
             access is only taken away here"
        ),
        Blocker::Cut { cluster, handle, other } => format!(
            "another access of {handle} here could not be ended in time ({other}), so everything of theirs on {cluster} \
             is cut: an operator has to see why its binding cannot be removed"
        ),
        Blocker::NotSeen { cluster, why } => {
            let why = why.as_ref().map_or_else(|| "no worker has looked at it yet".to_owned(), |why| sentence(why));
            format!("What {cluster} looks like now is not known: {why}")
        }
        Blocker::EntriesOnly { cluster } => format!(
            "{cluster} took access entries only (authentication mode API), which the version of Latchkey that looked \
             did not write"
        ),
        Blocker::AccessEntry { cluster, arn, username: Some(username) } => format!(
            "{cluster} has an access entry for {arn} (user `{username}`), which counts instead of aws-auth: those who \
             manage the cluster's access entries have to remove it"
        ),
        Blocker::AccessEntry { cluster, arn, username: None } => format!(
            "{arn} has an access entry on {cluster}, which counts instead of its line in aws-auth, and it was not \
             read what the entry says: those who manage the cluster's access entries can remove it"
        ),
        Blocker::EntriesNotRead { cluster } => {
            format!("the access entries of {cluster} were not looked at yet, so it is not known who gets in")
        }
        Blocker::ForeignEntry { cluster, arn, username, why, tags } => format!(
            "{cluster} has an access entry for {arn} (user `{username}`{}), and an entry of another client is never \
             taken over; {}",
            tagged(tags),
            unfit(*why)
        ),
        Blocker::EntryWidened { username, groups, policies } => {
            let added = [named("the groups", groups), named("the access policies", policies)];
            let added: Vec<String> = added.into_iter().flatten().collect();
            format!(
                "another client gave the access entry of `{username}` {}: those who manage the cluster's access \
                 entries have to take them away",
                added.join(" and ")
            )
        }
        Blocker::EntryRenamed { arn, was, is } => format!(
            "another client changed the username in the access entry of {arn} from `{was}` to `{is}`, so nothing is \
             bound: those who manage the cluster's access entries have to delete that entry, and Latchkey makes it anew"
        ),
        Blocker::EntrySettles { cluster, until } => format!(
            "the access entry is there, and the API servers of {cluster} read it within seconds: it works by \
             {until:.0} at the latest, and may work sooner"
        ),
        Blocker::EntryFoughtOver { cluster, arn } => format!(
            "the access entry of {arn} on {cluster} was deleted again and again: those who delete it have to let it \
             stand, and until then it is only made again now and then"
        ),
        Blocker::EntryLeft { cluster, username } => {
            format!("{cluster} still has the access entry of `{username}`")
        }
        Blocker::EntryUnknown { cluster, arn, why } => format!(
            "it is not known whether {cluster} has an access entry for {arn}, which would count instead of aws-auth: {}",
            sentence(why)
        ),
        Blocker::EntryMayStay { cluster, arn, why } => {
            format!("it is not known whether an access entry of {cluster} still lets {arn} in: {}", sentence(why))
        }
        Blocker::EntrySlow {} => "EKS did not say so in time. Latchkey asks again by itself.".to_owned(),
        Blocker::RolePrincipal { arn } => {
            format!("it is not known which role {arn} is: its holder has to prove it again")
        }
        Blocker::SessionDiffers { cluster, arn, username } => format!(
            "{cluster} maps {arn} to `{username}`, which is no user of this session alone: it goes on once no other access \
             needs that mapping"
        ),
        Blocker::NoEntryForRole { cluster, arn } => format!(
            "{cluster} takes access entries alone, and the worker makes them for roles of Identity Center and below \
             `principal_paths`, which {arn} is not: an operator can move it there"
        ),
        Blocker::NameStillBound { cluster, username, binding } => format!(
            "{binding} on {cluster} binds `{username}`, and is not Latchkey\u{2019}s: nothing is set up for that user until \
             those who manage the cluster have removed it"
        ),
        Blocker::AwsAuthMissing { cluster } => format!(
            "{cluster} has no ConfigMap kube-system/aws-auth: an operator has to apply what `latchkey bootstrap \
             {cluster}` prints"
        ),
        Blocker::LineNotAdded { cluster, why } => format!("no line was added to aws-auth on {cluster}: {why}"),
        Blocker::AwsAuthManaged { cluster, arn, manager } => format!(
            "aws-auth on {cluster} belongs to {manager}, which applies it whole: the people who run it have to let \
             Latchkey's lines stand, or to add {arn}"
        ),
        Blocker::LineFoughtOver { cluster, arn, by } => format!(
            "the line for {arn} was taken out of aws-auth on {cluster} again and again, last by {}: those who run that \
             client have to let it stand, and until then it is only written again now and then",
            managers(by)
        ),
        Blocker::LineWithGroups { username, groups, by } => format!(
            "another client added the groups {} to the line of `{username}` in aws-auth{}{}: a person who may edit \
             aws-auth has to take them out",
            groups.join(", "),
            if by.is_empty() { String::new() } else { format!(" (last written by {})", by.join(", ")) },
            as_masters(groups)
        ),
        Blocker::LineOverridden { arn, username } => format!(
            "aws-auth maps {arn} to `{username}` by another entry, which counts instead of Latchkey's: a person who \
             may edit aws-auth has to remove that entry"
        ),
        Blocker::ForeignLine { arn, username, why } => format!(
            "aws-auth maps {arn} to `{username}` already, and an entry of another client is never taken over; {}",
            unfit(*why)
        ),
        Blocker::ForeignUsername { arn, longest_bytes } => format!(
            "aws-auth maps {arn} already, to a username with control characters or of more than {longest_bytes} bytes, \
             so nothing is bound to it; a person who may edit aws-auth has to change that entry"
        ),
        Blocker::UsernameShared { username, other } => format!(
            "{other} is mapped to `{username}` too, so a binding to that username would reach another identity: a person \
             who may edit the cluster's mappings has to remove that one"
        ),
        Blocker::UsernameFoundShared { username, other } => format!("{other} is mapped to `{username}` too"),
        Blocker::NotMappedYet { arn, username } => format!("the cluster does not map {arn} to `{username}` yet"),
        Blocker::LineLeftWithGroups { arn, username, groups } => format!(
            "aws-auth still names `{username}` for {arn}, with the groups {}, which another client added{}: a person \
             who may edit aws-auth has to remove that entry, or the groups",
            groups.join(", "),
            as_masters(groups)
        ),
        Blocker::LineLeftChanged { arn, username, why } => format!(
            "aws-auth still names `{username}` for {arn}, in an entry that another client changed since it was \
             written: a person who may edit aws-auth has to remove that entry ({why})"
        ),
        Blocker::LineLeft { username } => format!("aws-auth still holds the line of `{username}`"),
        Blocker::LinePutBack { username, by } => format!(
            "aws-auth still holds the line of `{username}`, which {} puts back: those who run that client have to let \
             it go",
            managers(by)
        ),
        Blocker::BindingLeft { binding } => format!("{binding} is still there"),
        Blocker::BindingMayCome { binding } => {
            format!("an interrupted run may still create {binding}, and nothing stands in its way yet")
        }
        Blocker::BindingNotYet { binding } => format!("{binding} is not there yet"),
        Blocker::BindingDiffers { binding } => format!("{binding} is not as it was written"),
        Blocker::BindingGivesMore { binding, role, subjects } => format!(
            "another client changed {binding}, which is Latchkey's: it binds {} to {role}, which no approver decided. \
             Latchkey puts it right as soon as it can; until then a person who may edit the cluster's RBAC has to \
             delete it",
            subjects.join(", ")
        ),
        Blocker::NotLetYet { cluster, username, what } => {
            format!("the API server of {cluster} does not let `{username}` {what} yet")
        }
        Blocker::StillLet { cluster, username, what } => {
            format!("the API server of {cluster} still lets `{username}` {what}")
        }
        Blocker::LetByNothing { cluster, username, what } => format!(
            "the API server of {cluster} lets `{username}` {what}, which this access does not allow and no binding \
             explains: an operator has to find out what does"
        ),
        Blocker::ServersDiffer { cluster, username, what } => {
            format!("the API servers of {cluster} do not agree yet whether `{username}` may {what}")
        }
        Blocker::NotAsked { cluster } => format!("the API server of {cluster} was not asked everything"),
        Blocker::NotRecorded { why } => format!("What the worker found could not be recorded ({why}); it tries again."),
        Blocker::RunBrokeOff { why } => {
            format!("the last run broke off before its end ({why}); the next one begins by itself")
        }
        Blocker::PrincipalUnknown { arn } => {
            format!("IAM knows no {arn} any more: those who manage IAM have to say what became of it")
        }
        Blocker::PrincipalOfOtherId { arn } => format!("IAM knows no {arn} with the id it was proven by"),
        Blocker::PrincipalReplaced { arn, was, is } => replaced(arn, was, is),
        Blocker::PrincipalUnpinned { arn, trust } => match trust {
            RoleTrust::NotForPeople(_) => format!("the trust policy of {arn} makes it an identity of programs"),
            RoleTrust::Pinned(_) | RoleTrust::Shared(_) => format!(
                "the trust policy of {arn} no longer gives each session name to one person, so that others could use this \
                 access"
            ),
        },
        Blocker::PrincipalRenamed { arn, is } => format!(
            "Identity Center made {arn} anew, as {is}, which happens if the last assignment of its permission set goes and \
             comes back: its holder has to prove the new one"
        ),
        Blocker::PrincipalIsWorker { arn } => {
            format!("Latchkey itself works by {arn}, so nobody is given access by it")
        }
        Blocker::PrincipalDoubted { arn, was, is } => format!(
            "IAM says that {}; Latchkey looks once more before that counts, and sets nothing up meanwhile",
            replaced(arn, was, is)
        ),
        Blocker::PrincipalOfOtherInstallation { arn, installation } => format!(
            "{arn} is tagged as managed by another installation of Latchkey ({installation}): an operator has to find out \
             which of the two is right"
        ),
        Blocker::PolicyTooLarge { size } => size.to_string(),
        Blocker::PolicyNotShown { arn, policy } => {
            format!("IAM does not show the inline policy {policy} of {arn} as it was written yet")
        }
        Blocker::PolicyStale { arn } => format!("IAM may not show yet what was written for {arn} a moment ago"),
        Blocker::PolicyCopied { arn } => {
            format!("the user that has the ARN {arn} now still carries our policy or tag")
        }
        Blocker::Conflict { call } => of_call(
            call,
            &format!(
                "Latchkey could not {}, since another client changed it meanwhile. It looks again at once.",
                tried(call)
            ),
        ),
        Blocker::Throttled { call, retry_after_seconds } => {
            let again = match retry_after_seconds {
                Some(wait) => format!("It tries again in {} s.", (*wait).max(1)),
                None => "It tries again by itself.".to_owned(),
            };
            of_call(call, &format!("Latchkey could not {}: it was asked to call less often. {again}", tried(call)))
        }
        Blocker::Transient { call } => {
            of_call(call, &format!("Latchkey could not {}{}. It tries again by itself.", tried(call), because(call)))
        }
        Blocker::Refused { call, missing } => of_call(
            call,
            &format!(
                "Latchkey is not allowed to {}. What is missing: {missing}. It goes on by itself once that is granted.",
                tried(call)
            ),
        ),
        Blocker::Invalid { call } | Blocker::TooMuch { call } => of_call(
            call,
            &format!("Latchkey could not {}{}. An operator has to look at it.", tried(call), because(call)),
        ),
        Blocker::NotFound { call } => {
            let why = call.detail.as_deref().unwrap_or("there is no such thing");
            of_call(call, &format!("Latchkey could not {}: {why}.", tried(call)))
        }
        Blocker::Said { text } => text.clone(),
        Blocker::OfLaterVersion { named } if named.is_empty() => {
            "what stands in the way is kept in a form that this version of Latchkey does not know".to_owned()
        }
        Blocker::OfLaterVersion { named } => format!(
            "a later version of Latchkey calls what stands in the way `{}`, which this one does not know: look at it with \
             that version",
            named.replace('`', "'")
        ),
    }
}

fn mend(what: &str) -> String {
    format!("{what}. An operator has to mend the profile; ask again then")
}

fn unfit(why: UnfitUsername) -> &'static str {
    match why {
        UnfitUsername::Empty => "that username is empty, so nothing can be bound to it",
        UnfitUsername::Template => "that username is a template, so it is not known whom a binding would reach",
        UnfitUsername::GroupTemplate => "one of its groups is a template, so it is not known what it may do already",
        UnfitUsername::AllSessions => "all who use the role are that one user, so a binding would reach all of them",
        UnfitUsername::Reserved => "that username is reserved, so nothing is bound to it",
        UnfitUsername::AccessPolicies => {
            "it has access policies, and no review shows what they allow, so nothing that is granted could be proven"
        }
        UnfitUsername::Masters => {
            "it is in system:masters, so it may do everything and nothing that is granted could be taken away"
        }
    }
}

/// `the groups a, b`, if there are any.
fn named(kind: &str, names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{kind} {}", names.join(", ")))
}

/// The tags of an entry, which may name its owner.
fn tagged(tags: &BTreeMap<String, String>) -> String {
    const SHOWN: usize = 5;
    if tags.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = tags.iter().take(SHOWN).map(|(key, value)| format!("{key}={value}")).collect();
    format!(", tagged {}", shown.join(", "))
}

fn replaced(arn: &str, was: &str, is: &str) -> String {
    format!("{arn} was deleted and made again since it was proven (its id was {was}, it is {is} now)")
}

/// The clients that wrote last, if they are known.
pub(super) fn managers(names: &[String]) -> String {
    if names.is_empty() { "an unknown client".to_owned() } else { names.join(", ") }
}

/// A call's sentence, after that of the earlier failure that led to the call.
fn of_call(call: &FailedCall, own: &str) -> String {
    match &call.earlier {
        Some(earlier) => format!("{} {own}", sentence(earlier)),
        None => own.to_owned(),
    }
}

fn tried(call: &FailedCall) -> String {
    format!("{} {}", call.operation, call.subject)
}

fn because(call: &FailedCall) -> String {
    call.detail.as_ref().map_or_else(String::new, |why| format!(": {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::plan::remedy::{self, Remedy};
    use latchkey_testkit::{cluster_arn, policy_file};
    use sha2::{Digest as _, Sha256};

    /// One of each, as rows store it.
    const RECORDED: &str = include_str!("../../crates/domain/src/access/blocker/recorded.jsonl");
    /// What people read for each, in the same order: code, who acts, what there is to paste, sentence. Of what there is
    /// to paste: its language, what to do with it, and the hash of the text.
    const TOLD: &str = include_str!("blocker.txt");

    fn pasted(remedy: &Remedy) -> String {
        let hash = hex::encode(Sha256::digest(&remedy.text));
        format!("{:?}, {} {} ({} lines)", remedy.language, &hash[..16], remedy.how, remedy.text.lines().count())
    }

    #[test]
    fn each_gives_its_sentence_its_code_who_acts_and_what_to_paste() {
        let (file, cluster) = (policy_file(), cluster_arn("prod").parse().unwrap());
        let mut expected = TOLD.lines();
        for line in RECORDED.lines() {
            let why: Blocker = serde_json::from_str(line).unwrap();
            let remedy = remedy::of(&why, &file, Some(&cluster));
            let paste = remedy.as_ref().map_or_else(|| "nothing".to_owned(), pasted);
            let told = format!("{} | {:?} | {paste} | {}", why.code(), why.acts(), sentence(&why));
            let text = remedy.map_or_else(String::new, |remedy| remedy.text);
            assert_eq!(Some(told.as_str()), expected.next(), "the text to paste is now:\n{text}");
        }
        assert_eq!(expected.next(), None, "blocker.txt has a line for each, and no other");
    }
}
