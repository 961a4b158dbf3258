//! Sightings in sentences: what a proof saw.

use super::blocker;
use latchkey_domain::access::sighting::Sighting;

/// What was seen.
pub fn sentence(seen: &Sighting) -> String {
    match seen {
        Sighting::Mapped { arn, username } => format!("the cluster maps {arn} to `{username}`"),
        Sighting::Bound { binding, cluster_role } => {
            format!("{binding} binds it to the ClusterRole {cluster_role}")
        }
        Sighting::Reviewed { can, cannot, clean } => format!(
            "The API server says yes to {can} questions of what it allows; of {cannot} of what it does not, {}",
            if *clean { "no to each" } else { "every yes is explained below" }
        ),
        Sighting::BindingGone { binding } => format!("{binding} is gone"),
        Sighting::BindingEmpty { binding } => {
            format!("{binding} binds no subject, and stays in the way of an interrupted run for some minutes")
        }
        Sighting::MappedForAnother { username } => {
            format!("`{username}` stays mapped for another access")
        }
        Sighting::NotMapped { username } => format!("no mapping of Latchkey's to `{username}` is left"),
        Sighting::MappedByOthers { username } => {
            format!("`{username}` is mapped by another client, and stays so")
        }
        Sighting::ReviewedGone { questions, clean } => format!(
            "The API server, asked {questions} questions twice on two connections, says {}",
            if *clean { "no to each" } else { "yes only where named below" }
        ),
        Sighting::WithCluster { why } => {
            format!("{}, and nothing of this access with it", blocker::sentence(why).trim_end_matches('.'))
        }
        Sighting::NothingLabelled {} => "Nothing on the cluster carries its label or has a name that was recorded for \
                                         it. This version cannot read what it allowed, so the API server was not asked."
            .to_owned(),
        Sighting::ArnUnreadable {} => "IAM was not asked: the ARN of the principal cannot be read.".to_owned(),
        Sighting::PathUnmanaged { arn } => format!(
            "nothing is written to IAM for {arn}: its path is not one that Latchkey manages; kubectl needs no permission \
             of IAM"
        ),
        Sighting::PrincipalGone { arn } => format!("IAM knows no {arn} with the id it was proven by"),
        Sighting::PolicyEmpty { arn, policy } => {
            format!("the inline policy {policy} of {arn} holds nothing of this access")
        }
        Sighting::PolicyStands { arn, policy } => {
            format!("the inline policy {policy} of {arn} reads back as it was written")
        }
        Sighting::Said { text } => text.clone(),
        Sighting::OfLaterVersion { named } if named.is_empty() => {
            "Something was seen that is kept in a form that this version of Latchkey does not know.".to_owned()
        }
        Sighting::OfLaterVersion { named } => format!(
            "Something was seen that a later version of Latchkey calls `{}`, which this one does not know.",
            named.replace('`', "'")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, as rows store it.
    const RECORDED: &str = include_str!("../../crates/domain/src/access/sighting/recorded.jsonl");
    /// What people read for each, in the same order: code, sentence.
    const TOLD: &str = include_str!("sighting.txt");

    #[test]
    fn each_gives_its_sentence() {
        let told = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} | {}", value["code"].as_str().unwrap(), sentence(&Sighting::read(value.clone())))
        };
        let told: Vec<String> = RECORDED.lines().map(told).collect();
        assert_eq!(told, TOLD.lines().collect::<Vec<_>>(), "{}", told.join("\n"));
    }
}
