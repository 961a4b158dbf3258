//! Residuals in sentences: what still answers yes beside an access, or after its end.

use latchkey_domain::{
    access::{blocker::Few, residual::Residual},
    plan::authenticator::as_masters,
};

/// What allows it, and what it allows.
pub fn sentence(residual: &Residual) -> String {
    match residual {
        Residual::OtherAccess { holder, profile, namespaces, allows } => {
            let place = if namespaces.is_empty() { "the whole cluster".to_owned() } else { namespaces.join(", ") };
            let whose = match holder {
                None => "Another access of theirs".to_owned(),
                Some(holder) => format!("The access of `{holder}` by the same role"),
            };
            allowing(&format!("{whose} (profile {profile} on {place})"), allows)
        }
        Residual::ForeignBinding { binding, role, allows, stays } => {
            let told = allowing(&format!("{binding} ({role})"), allows);
            if *stays {
                format!("{told} It names a user that stays as long as anyone has access by the role.")
            } else {
                told
            }
        }
        Residual::Unexplained { allows } => {
            allowing("Something that no binding shows (an access policy, or another authorizer)", allows)
        }
        Residual::AccessEntry { cluster, arn, username, groups, policies } => format!(
            "An access entry of {cluster} lets {arn} in as `{username}`{}{}.",
            listed(", with the groups", groups),
            listed(", with the access policies", policies),
        ),
        Residual::ForeignLine { arn, username, groups } => format!(
            "aws-auth maps {arn} to `{username}`{} by an entry that is not Latchkey's{}.",
            listed(" with the groups", groups),
            as_masters(groups)
        ),
        Residual::LineWithGroups { username, groups } => format!(
            "Another client added the groups {} to the line of `{username}` in aws-auth{}.",
            groups.join(", "),
            as_masters(groups)
        ),
        Residual::IamNotAsked {} => {
            "what IAM still has of it: its ARN cannot be read, so the worker could not look".to_owned()
        }
        Residual::Said { text } => text.clone(),
        Residual::OfLaterVersion { named } if named.is_empty() => {
            "Something allows it that is kept in a form that this version of Latchkey does not know.".to_owned()
        }
        Residual::OfLaterVersion { named } => format!(
            "Something allows it that a later version of Latchkey calls `{}`, which this one does not know: look at it \
             with that version.",
            named.replace('`', "'")
        ),
    }
}

fn allowing(source: &str, allows: &Few) -> String {
    format!("{source} allows to {allows}.")
}

fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{what} {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, as rows store it.
    const RECORDED: &str = include_str!("../../crates/domain/src/access/residual/recorded.jsonl");
    /// What people read for each, in the same order: code, sentence.
    const TOLD: &str = include_str!("residual.txt");

    #[test]
    fn each_gives_its_sentence() {
        let told = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} | {}", value["code"].as_str().unwrap(), sentence(&Residual::read(value.clone())))
        };
        let told: Vec<String> = RECORDED.lines().map(told).collect();
        assert_eq!(told, TOLD.lines().collect::<Vec<_>>());
    }
}
