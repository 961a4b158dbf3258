//! Risks and their reasons in sentences.

use std::fmt;

use super::{BoundIn, Danger, RiskReason};
use crate::eks::rbac::join_and;

impl fmt::Display for BoundIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "in the namespace",
            Self::Namespaces => "in the namespaces",
            Self::Cluster => "in the whole cluster",
        })
    }
}

impl fmt::Display for RiskReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place;
        let every = |one: &str, many: &str| match self.names.as_slice() {
            [] => format!("every {one}"),
            [name] => format!("the {one} {name}"),
            names => format!("the {many} {}", join_and(names)),
        };
        match self.danger {
            Danger::DoesEverything => write!(f, "does anything with everything {place}"),
            Danger::WildcardResources => {
                write!(f, "reaches {} {place}, also kinds that do not exist yet", self.listed_things())
            }
            Danger::WildcardVerbs => {
                write!(f, "may use every verb, also ones that do not exist yet, on {} {place}", self.listed_things())
            }
            Danger::WildcardPaths => f.write_str("reaches every path of the API server outside the resources"),
            Danger::Escalates => f.write_str("writes itself roles with rights that it does not have (escalate)"),
            Danger::Binds => match self.names.as_slice() {
                [] => f.write_str("binds any role to any identity, itself included (bind)"),
                names => write!(f, "binds the roles {} to any identity, itself included (bind)", join_and(names)),
            },
            Danger::Impersonates => match self.names.as_slice() {
                [] => write!(f, "acts as other {} {place} (impersonate)", join_and(&self.things)),
                names => write!(f, "acts as {} {place} (impersonate)", join_and(names)),
            },
            Danger::ReachesKubelets => {
                write!(f, "reaches the kubelet of {} and so runs commands in its pods", every("node", "nodes"))
            }
            Danger::ChangesAdmission => {
                f.write_str("changes webhooks or policies that see and alter every request to the API server")
            }
            Danger::SignsCertificates => f.write_str("has client certificates signed for any name and group"),
            Danger::WritesAwsAuth => f.write_str("may edit aws-auth, and so make any identity cluster-admin"),
            Danger::TakesOverKubeSystem => {
                f.write_str("runs as the service accounts of kube-system, which can do everything")
            }
            Danger::ReadsSecrets => write!(f, "reads {} {place}", every("secret", "secrets")),
            Danger::ChangesSecrets => write!(f, "changes {} {place}", every("secret", "secrets")),
            Danger::RunsWorkloads => {
                write!(f, "runs pods as any service account {place}, with any secret mounted")
            }
            Danger::RunsCommands => write!(f, "runs commands in {} {place}", every("pod", "pods")),
            Danger::ReachesPods => write!(f, "opens connections into pods or services {place}"),
            Danger::MintsTokens => {
                write!(f, "mints tokens of {} {place}", every("service account", "service accounts"))
            }
            Danger::MakesVolumes => f.write_str("makes persistent volumes, which can hold any node's disk"),
            Danger::ChangesNamespaces => {
                let which = match (place, self.names.is_empty()) {
                    (BoundIn::Namespace, true) => "the namespace itself".to_owned(),
                    (BoundIn::Namespaces, true) => "the namespaces themselves".to_owned(),
                    (BoundIn::Cluster, _) | (_, false) => every("namespace", "namespaces"),
                };
                write!(f, "changes {which}, and so which pods are allowed there")
            }
            Danger::ChangesNodes => write!(f, "changes {}", every("node", "nodes")),
            Danger::HandsOn => write!(f, "hands on its own rights to others {place}, for longer than it has them"),
            Danger::ChangesKinds => f.write_str("changes which kinds of object the cluster has"),
            Danger::Changes => write!(f, "changes {} {place}", self.listed_things()),
            Danger::OnlyReads => write!(f, "only reads {place}, and sees no secret"),
            Danger::DoesNothing => f.write_str("allows nothing at all"),
        }
    }
}

impl RiskReason {
    /// The things in words, with at most five names.
    fn listed_things(&self) -> String {
        const NAMED: usize = 5;
        if self.things.len() <= NAMED + 1 {
            return join_and(&self.things);
        }
        format!("{} and {} other kinds of object", self.things[..NAMED].join(", "), self.things.len() - NAMED)
    }
}
