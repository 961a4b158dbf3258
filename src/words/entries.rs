//! Who can get into a cluster and by what, and what becomes of an entry of aws-auth on the way to access entries.

use super::{Clock, Sentence, blocker, sentence::list};
use jiff::Timestamp;
use latchkey_domain::{
    access::decided::DecidedAccess,
    plan::{
        authenticator::{
            ANONYMOUS, Becomes, BoundRole, CannotMove, LetIn, RESERVED, SERVICE_ACCOUNT, Source, UNAUTHENTICATED,
            WayIn, WayKind,
        },
        proof::AUTHENTICATED,
        reading::{NotSeen, ReadingProgress},
    },
};

/// The verdict in a few words, and its sentence. `movable` is whether the cluster reads lines and entries.
pub fn becomes(becomes: &Becomes, movable: bool) -> (&'static str, &'static str) {
    match becomes {
        Becomes::OwnEntry if movable => {
            ("Moves", "Latchkey moves it without a gap: the entry first, and the line once that counts.")
        }
        Becomes::OwnEntry => (
            "Moves",
            "Latchkey moves it once the cluster reads both: its authentication mode has to be `API_AND_CONFIG_MAP`.",
        ),
        Becomes::Entry { .. } => (
            "Moves",
            "By this command, as an administrator of the cluster. If a role has a path, its ARN needs the path here: \
             `aws iam get-role` tells it.",
        ),
        Becomes::NodeEntry { .. } => (
            "Moves",
            "EKS makes the entries of managed node groups and Fargate profiles itself. Other nodes need this command.",
        ),
        Becomes::NeedsPolicy { .. } => (
            "Needs an access policy",
            "EKS allows no group `system:masters` in an entry; its policy of an administrator gives the same.",
        ),
        Becomes::HasEntry => ("Has an entry", "The entry counts, and the line does not while it stands."),
        Becomes::Stays(why) => ("Cannot move", cannot(*why)),
    }
}

fn cannot(why: CannotMove) -> &'static str {
    match why {
        CannotMove::WholeAccount => "It lets in every principal of an account, and an entry names one.",
        CannotMove::PermissionSet => {
            "The role of a permission set has a name that only IAM tells: make an entry with the ARN of that role, with \
             its path."
        }
        CannotMove::ServiceLinkedRole => "EKS refuses entries for service-linked roles.",
        CannotMove::ReservedUsername => {
            "EKS refuses usernames that begin with `aws:`, `iam:`, `amazon:`, `system:` or `eks:`."
        }
        CannotMove::ReservedGroup => "EKS refuses groups that begin with `system:`. Bind the user by another group.",
        CannotMove::TemplateWithoutColon => "EKS wants a colon before a template in a username.",
        CannotMove::NoUsername => "It has no username.",
    }
}

/// The verdict on a line whose user is not there, and its sentence.
pub const DEAD: (&str, &str) =
    ("Dead", "IAM has no such user. Take the line out: if a user of this name is made again, it gets in by it.");

/// Of a line whose ARN has another principal now than the one that a person proved.
pub const ANOTHER_GETS_IN: &str =
    "Another principal has this ARN now than the one that was proven, and gets in by this line.";

/// Of a line whose user is not there.
pub const GONE_USER: &str =
    "IAM had no such user at the last look. One that is made with this name gets in by this line.";

/// Of a mapping with a username or a tag of Latchkey's that its database does not know.
pub const NOT_RECORDED: &str = "It has Latchkey\u{2019}s tag or username, and this database does not know it: it is of \
                                another installation, of a time before a restore, or of somebody who copied it. It is left \
                                as it is.";

/// Whom a mapping or a binding names.
pub fn who(who: &LetIn) -> String {
    match who {
        LetIn::Arn(arn) => arn.clone(),
        LetIn::PermissionSet { name, account } => format!("permission set {name} of account {account}"),
        LetIn::Account(account) => format!("every principal of account {account}"),
        LetIn::Unnamed => "a line without an identity".to_owned(),
        LetIn::User(name) if name == ANONYMOUS => "callers who have not signed in".to_owned(),
        LetIn::User(name) if name.starts_with(SERVICE_ACCOUNT) => format!("the service account {name}"),
        LetIn::User(name) => format!("the user {name}"),
        LetIn::Group(name) if name == AUTHENTICATED => "everyone who is let in".to_owned(),
        LetIn::Group(name) if name == UNAUTHENTICATED => "callers who have not signed in".to_owned(),
        LetIn::Group(name) if name == "system:serviceaccounts" => "every service account".to_owned(),
        LetIn::Group(name) if name.starts_with(SERVICE_ACCOUNT) => format!("every service account of {name}"),
        LetIn::Group(name) => format!("the group {name}"),
    }
}

/// What lets them in, in a few words.
pub fn source(source: &Source) -> &'static str {
    match source {
        Source::Line | Source::OverriddenLine => "line in aws-auth",
        Source::Entry | Source::UnreadEntry(_) => "access entry",
        Source::Binding => "RBAC alone",
    }
}

/// What one has to know about a mapping to understand its row.
pub fn note(way: &WayIn) -> Option<String> {
    let is_anyone = |name: &str| name == UNAUTHENTICATED || name == ANONYMOUS || name.starts_with(SERVICE_ACCOUNT);
    let name = way.username.as_deref().unwrap_or_default();
    match (&way.by, &way.who) {
        (Source::OverriddenLine, _) => Some(
            "It does not count while this ARN has an access entry. It counts again once that is gone, or its principal \
             is made anew."
                .to_owned(),
        ),
        (Source::UnreadEntry(Some(why)), _) => Some(format!("{}.", blocker::sentence(why))),
        (_, LetIn::Account(_)) => Some("Each has its ARN as its username.".to_owned()),
        (Source::Binding, LetIn::Group(group)) if group == AUTHENTICATED => {
            Some("It is counted in the row of each mapping, too.".to_owned())
        }
        (Source::Binding, LetIn::Group(name) | LetIn::User(name)) if is_anyone(name) => None,
        (Source::Binding, LetIn::User(name)) if name.starts_with(RESERVED) => {
            Some("No mapping that was read gives this name of Latchkey\u{2019}s.".to_owned())
        }
        (Source::Binding, _) => {
            Some("No mapping that was read gives this name. A certificate or an OpenID provider may.".to_owned())
        }
        _ if name.starts_with(SERVICE_ACCOUNT) => {
            Some("It takes the name of a service account, whose rights were not read.".to_owned())
        }
        _ if name.contains("{{") => Some("A template: what RBAC gives to any name that it may become is counted.".to_owned()),
        (Source::Line | Source::Entry | Source::UnreadEntry(None), _) => None,
    }
}

/// What makes the list of who can get in incomplete.
pub fn not_seen(not_seen: &NotSeen) -> String {
    match not_seen {
        NotSeen::Entries(why) => format!(
            "EKS did not list the access entries at the last look: what stands here of them was read earlier, and others \
             may be missing. {}.",
            blocker::sentence(why)
        ),
        NotSeen::Bindings => {
            "More bindings were seen than are kept: what a row may do may be more than it says.".to_owned()
        }
        NotSeen::Lines => "aws-auth has entries that cannot be read: they are missing here.".to_owned(),
    }
}

/// "`view` in `payments`".
pub fn bound(role: &BoundRole) -> String {
    let own = if role.namespaced { "the Role " } else { "" };
    match &role.namespace {
        Some(namespace) => format!("{own}`{}` in `{namespace}`", role.role),
        None => format!("`{}` everywhere", role.role),
    }
}

/// Who decided a mapping that no live access needs. `is_own` is whether it is the one that Latchkey recorded.
pub fn decided(kind: WayKind, is_own: bool) -> &'static str {
    match kind {
        _ if is_own => "Latchkey takes it away: no access needs it.",
        WayKind::Worker => {
            "It has the name of Latchkey\u{2019}s worker, which an administrator of the cluster sets up."
        }
        WayKind::Node => "Nobody here: it is for nodes.",
        WayKind::Own | WayKind::Copied | WayKind::Other => "Nobody here",
    }
}

/// Of an entry that was recorded as Latchkey's, and whose fields are not known.
pub const RECORDED_AND_UNREAD: &str = "Recorded as Latchkey\u{2019}s, and not read at the last look";

/// Since when the fields of an entry are known to be so.
pub fn as_of(at: Timestamp, clock: &Clock) -> Sentence {
    Sentence::default().text("As it was read ").time(at, clock.relative(at)).text(".")
}

/// Of a mapping of another client's to which an access binds.
pub const MAPPED_BY_OTHERS: &str = "The mapping: nobody here";

/// "Ben Okafor until 16:30 CET, approved by Meg Ito".
///
/// If everyone who can use the role has it, `person` is who asked for it.
pub fn decided_access(person: &str, everyone: bool, access: &DecidedAccess, clock: &Clock) -> Sentence {
    let start = Sentence::default();
    let start = if everyone {
        start.text(format!("Everyone who can use this role, as {person} asked,"))
    } else {
        start.text(person)
    };
    let until = match access.until {
        _ if access.ends => start.text(", being taken away"),
        Some(until) => start.text(" until ").time(until, clock.at(until)),
        None => start.text(", being set up"),
    };
    match access.approvers.as_deref() {
        None => until.text(", by the policy alone"),
        Some([]) => until.text(", approved by people who are not known"),
        Some(approvers) => until.text(format!(", approved by {}", list(approvers, "and"))),
    }
}

/// How far the reading of every identity is. `has_entries` is whether the cluster has access entries.
pub fn reading(progress: Option<&ReadingProgress>, has_entries: bool, clock: &Clock) -> Sentence {
    let start = Sentence::default();
    let Some(progress) = progress else {
        if !has_entries {
            return start
                .text("Whether the IAM users that aws-auth names are there, the worker looks up if an operator asks.");
        }
        return start.text(
            "The list of access entries gives only names. Those of identities that people proved here are read at each \
             look; the worker reads the others if an operator asks for that.",
        );
    };
    let (read, found) = (progress.read, progress.found);
    match (progress.waits, progress.ended_at) {
        (true, _) => start
            .text("Every identity is to be read, as was asked at ")
            .time(progress.asked_at, clock.at(progress.asked_at))
            .text(". The worker begins once it has read the cluster and no access there comes or goes."),
        (false, None) => start.text(format!("The worker reads every identity: {read} of {found} so far.")),
        (false, Some(ended)) => {
            let said = start.text(format!("{read} of {found} identities were asked about, the last "));
            let said = said.time(ended, clock.relative(ended)).text(".");
            let said = match progress.unknown {
                0 => said,
                unknown => said.text(format!(" IAM users that could not be looked up: {unknown}.")),
            };
            match &progress.why {
                Some(why) => said.parsed(&format!(" {}.", blocker::sentence(why))),
                None if progress.cut => said.text(" The others are more than the 5 MB that are kept of a cluster."),
                None => said,
            }
        }
    }
}
