//! Whether a cluster is still the one that was adopted. A cluster is its ARN and the `createdAt` that EKS reports: a
//! cluster that was deleted and created again under the same name is another one, and inherits nothing.
//!
//! Another `createdAt` than the first look recorded means that the cluster was deleted and created again; "no such
//! cluster", said twice and 10 min apart to a caller of the ARN's own account in its region, means that it is gone.
//! Nothing else ends an access: not a missing right, a time-out or an unknown address. From then on no call is made to
//! the cluster. Its accesses end (`cluster_gone`), their legs there are proven by the same answer, and the IAM policy
//! goes as always. A cluster that has its ARN then is another one. It gets its own row and id from the next
//! `latchkey policy apply` that names it, even if the text is unchanged.

use crate::access::blocker::Blocker;
use jiff::{SignedDuration, Timestamp};

/// "No such cluster" has to be said twice, this far apart, before it counts: an access that ends because of it does not
/// come back.
pub const APART: SignedDuration = SignedDuration::from_mins(10);

/// What is recorded of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterRecord {
    pub name: String,
    pub arn: String,
    /// `None` before the first look.
    pub created_at: Option<Timestamp>,
    /// The time since EKS first said that the cluster does not exist, if EKS has not shown it since.
    pub missing_for: Option<SignedDuration>,
}

/// What EKS said to a caller of the cluster's own account, in its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EksAnswer {
    Found {
        created_at: Option<Timestamp>,
    },
    NoSuchCluster,
    /// Any other outcome of a call (no right, no answer, no address) says nothing about the cluster.
    Nothing,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existence {
    /// It exists, and is known.
    Same,
    /// It exists, and this is the first look: this is its `createdAt`.
    FirstSeen(Timestamp),
    /// It is missing for the first time: it may come back.
    Missing,
    /// It is still missing, and not yet for long enough to count.
    StillMissing,
    /// It exists again, unchanged.
    Back,
    /// It is not known.
    Unknown,
    /// Gone for good.
    Gone(Box<Blocker>),
}

/// Judges a cluster.
pub fn judge(known: &ClusterRecord, said: EksAnswer) -> Existence {
    let ClusterRecord { name, arn, .. } = known;
    match said {
        EksAnswer::Found { created_at } => match (known.created_at, created_at) {
            (Some(was), Some(is)) if was.as_second() != is.as_second() => {
                Existence::Gone(Box::new(Blocker::ClusterMadeAgain {
                    cluster: name.clone(),
                    arn: arn.clone(),
                    was,
                    is,
                }))
            }
            (None, Some(now)) => Existence::FirstSeen(now),
            (_, _) if known.missing_for.is_some() => Existence::Back,
            (_, _) => Existence::Same,
        },
        EksAnswer::Nothing => Existence::Unknown,
        EksAnswer::NoSuchCluster => match known.missing_for {
            None => Existence::Missing,
            Some(ago) if ago < APART => Existence::StillMissing,
            Some(_) => {
                let minutes_apart = APART.as_mins();
                Existence::Gone(Box::new(Blocker::NoSuchCluster {
                    cluster: name.clone(),
                    arn: arn.clone(),
                    minutes_apart,
                }))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(created_at: Option<&str>, missing_minutes: Option<i64>) -> ClusterRecord {
        ClusterRecord {
            name: "prod-eu".into(),
            arn: crate::testkit::cluster_arn("prod-eu"),
            created_at: created_at.map(at),
            missing_for: missing_minutes.map(SignedDuration::from_mins),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const BORN: &str = "2026-01-02T03:04:05.123Z";

    fn found(text: &str) -> EksAnswer {
        EksAnswer::Found { created_at: Some(at(text)) }
    }

    #[test]
    fn a_cluster_is_its_arn_and_when_it_was_created() {
        assert_eq!(judge(&known(None, None), found(BORN)), Existence::FirstSeen(at(BORN)));
        assert_eq!(judge(&known(Some(BORN), None), found(BORN)), Existence::Same);
        // EKS reports fractions of a second as a binary number, and the database keeps microseconds.
        assert_eq!(judge(&known(Some(BORN), None), found("2026-01-02T03:04:05.123000144Z")), Existence::Same);
        assert_eq!(judge(&known(Some(BORN), None), EksAnswer::Found { created_at: None }), Existence::Same);
        let Existence::Gone(why) = judge(&known(Some(BORN), None), found("2026-11-24T00:00:00Z")) else {
            panic!("it is another")
        };
        let Blocker::ClusterMadeAgain { was, is, .. } = *why else { panic!("{why:?}") };
        assert_eq!((was, is), (at(BORN), at("2026-11-24T00:00:00Z")));
    }

    #[test]
    fn a_cluster_is_gone_when_that_was_said_twice_ten_minutes_apart() {
        let says = |missing: Option<i64>| judge(&known(Some(BORN), missing), EksAnswer::NoSuchCluster);
        assert_eq!(says(None), Existence::Missing);
        assert_eq!(says(Some(9)), Existence::StillMissing);
        let Existence::Gone(why) = says(Some(10)) else { panic!("it was said twice") };
        assert!(matches!(*why, Blocker::NoSuchCluster { minutes_apart: 10, .. }), "{why:?}");
        assert_eq!(judge(&known(Some(BORN), Some(9)), found(BORN)), Existence::Back);
        assert_eq!(judge(&known(Some(BORN), Some(1_000)), EksAnswer::Nothing), Existence::Unknown);
    }
}
