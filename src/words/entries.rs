//! What becomes of an entry of aws-auth on the way to access entries.

use latchkey_domain::plan::authenticator::{Becomes, CannotMove};

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
