//! What a person reads of the AWS identities that they prove, and of those that accesses are for.

use super::{Clock, Sentence, blocker};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        blocker::Blocker,
        terms::{RoleUser, Terms},
        verdict::PrincipalVerdict,
    },
    eks::trust_policy::{NotForPeople, Pin, RoleTrust},
    plan::authenticator::rendered,
};

/// Everyone who can use a role, if they all have an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleHolders<'a> {
    pub role: &'a str,
    /// Those who have proven that they use it.
    pub users: &'a [RoleUser],
}

/// How many users of a role are named, the first who proved it first.
const NAMED_USERS: usize = 5;

impl<'a> RoleHolders<'a> {
    /// Those who have the access with these terms; `None` if it is one person's.
    pub fn of(terms: &'a Terms) -> Option<Self> {
        terms.shared_role().map(|role| Self { role, users: &terms.users })
    }

    /// After the word "everyone": " who can use role `deployers`, seen so far: Ana, Ben".
    pub fn told(self, everyone: Sentence) -> Sentence {
        let names: Vec<&str> = self.users.iter().map(|user| user.name.as_str()).collect();
        seen_so_far(everyone.text(" who can use role ").name(self.role), &names)
    }

    /// The same before a verb.
    pub fn clause(self, everyone: Sentence) -> Sentence {
        let told = self.told(everyone);
        if self.users.is_empty() { told } else { told.text(",") }
    }
}

/// ", seen so far: Ana, Ben and 3 more".
pub fn seen_so_far(sentence: Sentence, names: &[&str]) -> Sentence {
    let shown: Vec<&str> = names.iter().copied().take(NAMED_USERS).collect();
    match names.len() - shown.len() {
        _ if shown.is_empty() => sentence,
        0 => sentence.text(format!(", seen so far: {}", shown.join(", "))),
        more => sentence.text(format!(", seen so far: {} and {more} more", shown.join(", "))),
    }
}

/// "Ben Okafor\u{2019}s access, until 16:30": another access by a role that several people use.
pub fn other_by_role(name: &str, until: Option<Timestamp>, clock: &Clock) -> Sentence {
    let access = Sentence::default().text(format!("{name}\u{2019}s access"));
    match until {
        Some(until) => access.text(", until ").time(until, clock.at(until)).text("."),
        None => access.text("."),
    }
}

/// What an approver has to know of a profile that writes bindings, for an identity whose mapping others need, too.
pub const OUTLIVED: &str = "This profile writes bindings, and the name that a role has on the cluster stays as long as \
     anyone has access by the role. What is bound to that name by hand outlives this access: Latchkey then ends it as \
     not shut out, tells operators, and gives nothing to that name before the binding is gone.";

/// Who uses the identity of an access, if its ARN does not say so: of a role.
pub fn whose(terms: &Terms) -> Option<Sentence> {
    match (&terms.session, RoleHolders::of(terms)) {
        (Some(session), _) => Some(Sentence::default().text("Only as the session ").name(session.to_string())),
        (None, Some(all)) => Some(all.told(Sentence::default().text("Everyone"))),
        (None, None) => None,
    }
}

/// The user that is bound where a mapping gives this username: of a pinned role's template, the one for the session.
pub fn bound_user(terms: &Terms, mapped: &str) -> String {
    rendered(mapped, terms.session.as_ref()).unwrap_or_else(|| mapped.to_owned())
}

/// What a person's proven session of a role is good for, by the worker's last look.
pub fn standing(session: &str, verdict: Option<&PrincipalVerdict>, failed: Option<&Blocker>) -> String {
    let (Some(verdict), None) = (verdict, failed) else {
        return format!("Session `{session}`. {}", not_looked_at(failed));
    };
    let role = match verdict {
        PrincipalVerdict::Role(RoleTrust::Pinned(pin)) => pinned(*pin),
        PrincipalVerdict::Role(RoleTrust::Shared(_)) => {
            "Several people can use this role under any name, so an access by it is everyone\u{2019}s who can. Policies \
             grant that only if they have `shared_roles = true`, and never at high risk."
                .to_owned()
        }
        PrincipalVerdict::Worker | PrincipalVerdict::Role(RoleTrust::NotForPeople(_)) => refused(verdict),
    };
    format!("Session `{session}`. {role}")
}

fn pinned(pin: Pin) -> String {
    match pin {
        Pin::IdentityCenter => "Identity Center gives this name to you alone.".to_owned(),
        Pin::UserName | Pin::Literal => {
            "The role\u{2019}s trust policy gives this name to one IAM user alone.".to_owned()
        }
    }
}

/// What to put into `~/.aws/config`, so that the AWS CLI uses the role under the session name that was proven. The parts
/// in capitals are for the reader to fill in.
pub fn aws_config(arn: &str, session: &str, profile: &str, identity_center: bool) -> String {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let head = if profile == "default" { "[default]".to_owned() } else { format!("[profile {profile}]") };
    if identity_center {
        let role = arn.rsplit('/').next().unwrap_or_default();
        let set =
            role.strip_prefix("AWSReservedSSO_").and_then(|rest| rest.rsplit_once('_')).map_or(role, |(set, _)| set);
        return format!("{head}\nsso_session = YOUR-SSO-SESSION\nsso_account_id = {account}\nsso_role_name = {set}\n");
    }
    format!("{head}\nrole_arn = {arn}\nrole_session_name = {session}\nsource_profile = YOUR-IAM-USER\n")
}

/// Why the root user is not proven.
pub const ROOT: &str =
    "The root user of an account is never given access. Use the AWS profile of your IAM user or role.";

/// Why a federated user is not proven.
pub const FEDERATED: &str = "This is a federated user (sts:GetFederationToken), whom no cluster can map. Use the AWS profile of your IAM \
     user or role.";

/// Why a service-linked role is not proven.
pub const SERVICE_LINKED: &str = "This role belongs to an AWS service, and no cluster can map it. Use the AWS profile of your own role or \
     IAM user.";

/// Why a session that a tool named is not proven, and what to do.
pub fn tool_session(session: &str) -> String {
    format!(
        "The session of this role is called `{session}`, which a tool chose: it says which role you use, and not who you \
         are. Give your AWS profile a session name of your own: `role_session_name = you@example.com` beside `role_arn` in \
         ~/.aws/config. Then run the command below with `--profile` and without `--role-arn`."
    )
}

/// That nothing can be asked for by a role yet.
pub fn not_looked_at(why: Option<&Blocker>) -> String {
    match why {
        None => "Latchkey is looking at this role: it takes a few seconds.".to_owned(),
        Some(why) => {
            format!("Latchkey could not look at this role yet: {}.", blocker::sentence(why).trim_end_matches('.'))
        }
    }
}

/// Why no access is given by an identity, whoever uses it.
pub fn refused(verdict: &PrincipalVerdict) -> String {
    match verdict {
        PrincipalVerdict::Worker => {
            "Latchkey itself works by this identity, so nobody is given access by it. Choose another.".to_owned()
        }
        PrincipalVerdict::Role(RoleTrust::NotForPeople(why)) => format!("{} Choose another.", not_for_people(why)),
        PrincipalVerdict::Role(RoleTrust::Pinned(_) | RoleTrust::Shared(_)) => String::new(),
    }
}

fn not_for_people(why: &NotForPeople) -> String {
    match why {
        NotForPeople::Service { service } => {
            format!(
                "The trust policy of this role lets an AWS service use it ({service}), so it is no identity of a person."
            )
        }
        NotForPeople::WebIdentity { provider } => format!(
            "The trust policy of this role lets programs use it by web identity ({provider}), so it is no identity of a person."
        ),
        NotForPeople::ServiceLinked => "This role belongs to an AWS service, and no cluster can map it.".to_owned(),
    }
}
