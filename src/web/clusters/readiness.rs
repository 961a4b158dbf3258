//! Which entries of aws-auth could be access entries, for operators of a cluster that reads lines.

use crate::{store::read::mapped::PrincipalChange, web::html::Html, words};
use latchkey_domain::{
    eks::{
        arn::{ClusterArn, arn_key},
        aws_auth::AwsAuth,
    },
    plan::{
        authenticator::{Authenticator, Becomes, can_move, readiness},
        observation::ClusterObservation,
    },
};
use std::collections::BTreeMap;

/// A line of aws-auth, and what becomes of it.
#[derive(Debug, Clone)]
pub struct ReadinessRow {
    pub who: String,
    pub username: String,
    /// Moves, needs a policy, cannot move, dead: in a word.
    pub verdict: &'static str,
    pub why: Html,
    /// What to paste, by an administrator of the cluster.
    pub command: Option<String>,
    /// Whether an operator can have it moved here, by its ARN.
    pub movable: bool,
}

/// The most rows that a page shows.
const ROWS: usize = 200;

/// The table, and how many rows it leaves out. `None` if the cluster reads no lines. `became` says what became of
/// principals, by ARN in lower case.
pub fn of(
    observed: &ClusterObservation,
    auth: &AwsAuth,
    arn: &str,
    became: &BTreeMap<String, PrincipalChange>,
) -> Option<(Vec<ReadinessRow>, usize)> {
    let authenticator = Authenticator::of(observed);
    if !authenticator.takes_lines() {
        return None;
    }
    let cluster: ClusterArn = arn.parse().ok()?;
    let movable = can_move(&authenticator);
    let all = readiness(auth, &authenticator, &cluster);
    let more = all.len().saturating_sub(ROWS);
    let rows = all.into_iter().take(ROWS).map(|line| {
        if became.get(&arn_key(&line.who)) == Some(&PrincipalChange::Gone) {
            let (verdict, why) = words::entries::DEAD;
            let (who, username, why) = (line.who, line.username, Html::prose(why));
            return ReadinessRow { who, username, verdict, why, command: None, movable: false };
        }
        let (verdict, why) = words::entries::becomes(&line.becomes, movable);
        let command = match &line.becomes {
            Becomes::Entry { command } | Becomes::NodeEntry { command } | Becomes::NeedsPolicy { command } => {
                Some(command.clone())
            }
            Becomes::OwnEntry | Becomes::HasEntry | Becomes::Stays(_) => None,
        };
        let movable = movable && line.becomes == Becomes::OwnEntry;
        ReadinessRow { who: line.who, username: line.username, verdict, why: Html::prose(why), command, movable }
    });
    Some((rows.collect(), more))
}
