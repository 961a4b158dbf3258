//! What other clients changed of Latchkey's mappings, bindings and policies: clauses without a full stop, as the audit
//! log stores them.

use super::blocker::{managers, sentence};
use latchkey_domain::plan::{
    finding::{Was, What},
    principal::PrincipalStep,
};

/// What was found, and what Latchkey does about it.
pub fn what(what: &What) -> String {
    match what {
        What::BindingDeleted { binding } => {
            format!("another client deleted {binding} while the access runs; it is put back")
        }
        What::BindingChanged { binding, was } => {
            format!("another client changed {binding}; it is put back: it was {}", told(was))
        }
        What::BindingElsewhere { binding, was } => format!(
            "another client put {binding} back into a namespace that is not the one that was asked for; it is removed: \
             {}",
            told(was)
        ),
        What::EndingBindingChanged { binding, was } => {
            format!("another client changed {binding} of an access that ends; it is removed: it was {}", told(was))
        }
        What::BindingOfNoAccess { binding } => {
            format!("{binding} carries the labels of this installation and belongs to no access; it is removed")
        }
        What::LineTaken { username, by } => {
            let by = match by {
                Some(names) => format!("it was last written by {}", managers(names)),
                None => "all of it is gone".to_owned(),
            };
            format!("another client took the line of `{username}` out of aws-auth while the access runs; {by}")
        }
        What::EntryTaken { username } => {
            format!("another client deleted the access entry of `{username}` while the access runs")
        }
        What::LinePutBack { username } => format!(
            "the line of `{username}` was put back into aws-auth after it had been taken out; it is taken out again"
        ),
        What::Withdrawn(why) => sentence(why),
        What::AllowsMore(whys) => whys.iter().map(sentence).collect::<Vec<_>>().join("; "),
    }
}

/// What was found in IAM, told from the step that corrects it while no access begins or ends.
pub fn of_principal(step: &PrincipalStep) -> String {
    match step {
        PrincipalStep::PutPolicy { name, .. } => {
            format!("the inline policy {name} does not say what the running accesses need; it is written again")
        }
        PrincipalStep::DeletePolicy { name } => {
            format!("the inline policy {name} of this installation belongs to no access; it is removed")
        }
        PrincipalStep::Tag { key, .. } => format!("the tag {key} was taken off; it is put on again"),
        PrincipalStep::Untag { key } => format!("the tag {key} belongs to no access; it is taken off"),
    }
}

fn told(was: &Was) -> String {
    let Was { role, subjects, finalizers, deleting } = was;
    let whom = if subjects.is_empty() { "no subject".to_owned() } else { subjects.join(", ") };
    let held = if finalizers.is_empty() { String::new() } else { format!(", held by {}", finalizers.join(", ")) };
    let deleting = if *deleting { ", being deleted" } else { "" };
    format!("{role} for {whom}{held}{deleting}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::access::blocker::{Blocker, Few};

    #[test]
    fn each_gives_its_sentence() {
        let binding = || "RoleBinding payments/latchkey-1".to_owned();
        let username = || "latchkey:jane:1".to_owned();
        let was = || Was {
            role: "ClusterRole admin".to_owned(),
            subjects: vec!["User jane".to_owned(), "Group all".to_owned()],
            finalizers: vec![],
            deleting: false,
        };
        let held = Was { subjects: vec![], finalizers: vec!["x.io/y".to_owned()], deleting: true, ..was() };
        let added = Few { first: vec!["get secrets".to_owned()], more: 0 };
        let more = Blocker::AllowsMore { cluster: "prod".to_owned(), role: "view".to_owned(), added };
        let by = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let each = [
            What::BindingDeleted { binding: binding() },
            What::BindingChanged { binding: binding(), was: was() },
            What::BindingElsewhere { binding: binding(), was: held },
            What::EndingBindingChanged { binding: binding(), was: was() },
            What::BindingOfNoAccess { binding: binding() },
            What::LineTaken { username: username(), by: by(&["kubectl-edit", "argocd"]) },
            What::LineTaken { username: username(), by: by(&[]) },
            What::LineTaken { username: username(), by: None },
            What::EntryTaken { username: username() },
            What::LinePutBack { username: username() },
            What::Withdrawn(Blocker::UsernameFoundShared { username: username(), other: "bob".to_owned() }),
            What::AllowsMore(vec![more.clone(), more]),
        ];
        let told: Vec<String> = each.iter().map(what).collect();
        assert_eq!(told, include_str!("finding.txt").lines().collect::<Vec<_>>());
    }
}
