//! Whose each session name is, over all statements of a policy.

use std::collections::{BTreeMap, BTreeSet};

use super::principal::{TrustedKind, TrustedPrincipal};
use super::session_name::{DemandedName, demanded};
use super::statement::{AllowStatement, TrustPolicy};
use super::{NoPin, Pin, Unpinned, cut};
use crate::eks::arn::{AccountId, UserArn};

/// Who may take which name, by one statement.
enum NameHolder {
    /// Users of an account, each the own user name.
    UserNames(NamedUsers),
    /// One user, one name.
    Literal { name: String, user: UserArn },
}

/// Users of one account. A user name is one user's there, whatever the path: the IAM user guide, "IAM identifiers".
struct NamedUsers {
    account: AccountId,
    /// Whether any user of the account is meant.
    all: bool,
    names: BTreeSet<String>,
}

/// Judges a policy by its statements alone.
///
/// # Errors
///
/// Statements by which somebody may take a name that is not theirs alone.
pub(super) fn judge(policy: &TrustPolicy) -> Result<Pin, Vec<Unpinned>> {
    let holders = policy.each(holder)?;
    let (mut users, mut literals) = (Vec::new(), Vec::new());
    for (statement, holder) in holders {
        match holder {
            NameHolder::UserNames(named) => users.push((statement, named)),
            NameHolder::Literal { name, user } => literals.push((statement, name, user)),
        }
    }
    let is_by_name = !users.is_empty();
    let mut clashes = Vec::new();
    let users = together(users, &mut clashes);
    clashes.extend(literals_of_two(&literals));
    clashes.extend(users.iter().flat_map(|users| literals_of_another(users, &literals)));
    clashes.sort_by_key(|clash| clash.statement);
    clashes.dedup_by_key(|clash| clash.statement);
    if !clashes.is_empty() {
        return Err(clashes);
    }
    Ok(if is_by_name { Pin::UserName } else { Pin::Literal })
}

/// Who may take which name by a statement.
fn holder(statement: &AllowStatement) -> Result<NameHolder, NoPin> {
    if let Some(why) = statement.principals.iter().find_map(TrustedPrincipal::never_a_person) {
        return Err(why);
    }
    let name = demanded(statement)?;
    if let Some(role) = statement.principals.iter().find(|principal| principal.kind == TrustedKind::Role) {
        return Err(NoPin::RolePrincipal { principal: cut(&role.text) });
    }
    match name {
        DemandedName::OfUser => of_user_names(statement).map(NameHolder::UserNames),
        DemandedName::Literal(name) => of_literal(statement, name),
    }
}

fn of_user_names(statement: &AllowStatement) -> Result<NamedUsers, NoPin> {
    if let Some(action) = statement.other_way() {
        return Err(NoPin::OtherWay { action: cut(action) });
    }
    let mut users: Option<NamedUsers> = None;
    for principal in &statement.principals {
        let (account, name) = match &principal.kind {
            TrustedKind::Account(account) => (account, None),
            TrustedKind::User(user) => (user.account(), Some(user.name())),
            TrustedKind::Everyone
            | TrustedKind::Role
            | TrustedKind::UniqueId
            | TrustedKind::Service
            | TrustedKind::Federated
            | TrustedKind::WebIdentity
            | TrustedKind::Other(_)
            | TrustedKind::Unreadable => {
                return Err(NoPin::UnreadablePrincipal { principal: cut(&principal.text) });
            }
        };
        let users = users.get_or_insert_with(|| NamedUsers::none_of(account));
        users.demand_account(account)?;
        users.all |= name.is_none();
        users.names.extend(name.map(str::to_owned));
    }
    users.ok_or_else(|| NoPin::WrongType { element: "Principal".to_owned() })
}

impl NamedUsers {
    fn none_of(account: &AccountId) -> Self {
        Self { account: account.clone(), all: false, names: BTreeSet::new() }
    }

    fn demand_account(&self, account: &AccountId) -> Result<(), NoPin> {
        if self.account == *account {
            return Ok(());
        }
        let (first, second) = (self.account.as_str().to_owned(), account.as_str().to_owned());
        Err(NoPin::TwoAccounts { first, second })
    }

    /// Whether a user other than `user` can have this user name.
    fn another_is_named(&self, name: &str, user: &UserArn) -> bool {
        let is_own = self.account == *user.account() && name == user.name();
        !is_own && (self.all || self.names.contains(name))
    }
}

fn of_literal(statement: &AllowStatement, name: &str) -> Result<NameHolder, NoPin> {
    match statement.principals.iter().map(|principal| &principal.kind).collect::<Vec<_>>()[..] {
        [TrustedKind::User(user)] => Ok(NameHolder::Literal { name: name.to_owned(), user: user.clone() }),
        [TrustedKind::Account(account)] => {
            Err(NoPin::NameOfAccount { name: cut(name), account: account.as_str().to_owned() })
        }
        ref several => Err(NoPin::NameOfSeveral { name: cut(name), count: several.len() }),
    }
}

/// The users of all statements together; a statement with users of another account than the first's is a clash.
fn together(users: Vec<(usize, NamedUsers)>, clashes: &mut Vec<Unpinned>) -> Option<NamedUsers> {
    users.into_iter().fold(None, |together: Option<NamedUsers>, (statement, more)| {
        let Some(mut together) = together else { return Some(more) };
        if let Err(why) = together.demand_account(&more.account) {
            clashes.push(Unpinned { statement, why });
        }
        together.all |= more.all;
        together.names.extend(more.names);
        Some(together)
    })
}

/// Statements whose literal an earlier statement gives to another user.
fn literals_of_two(literals: &[(usize, String, UserArn)]) -> Vec<Unpinned> {
    let mut owners: BTreeMap<&str, &UserArn> = BTreeMap::new();
    let of_two = |(statement, name, user): &'_ (usize, String, UserArn), owner: &UserArn| {
        let same = owner.account() == user.account() && owner.name() == user.name();
        (!same).then(|| Unpinned { statement: *statement, why: NoPin::NameOfTwo { name: cut(name) } })
    };
    literals.iter().filter_map(|literal| of_two(literal, owners.entry(&literal.1).or_insert(&literal.2))).collect()
}

/// Statements whose literal is the user name of somebody else.
fn literals_of_another(users: &NamedUsers, literals: &[(usize, String, UserArn)]) -> Vec<Unpinned> {
    let others = literals.iter().filter(|(_, name, user)| users.another_is_named(name, user));
    others
        .map(|(statement, name, _)| Unpinned { statement: *statement, why: NoPin::NameOfAnother { name: cut(name) } })
        .collect()
}
