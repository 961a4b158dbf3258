//! Which callers an entry's ARN can match. The authenticator compares in lower case, so the ARN is judged in lower
//! case. Everything else is judged strictly, since a text that does not have the form of an IAM ARN never matches.

use crate::eks::arn::{AccountId, Partition, PrincipalArn};

use super::mappings::lower;

/// What an ARN can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matches {
    Role,
    /// A role is looked up without its path, so a role with a path never matches.
    RoleWithPath,
    User,
    Root,
    Federated,
}

/// Characters of a placeholder that was not filled in.
const PLACEHOLDERS: [char; 6] = ['<', '>', '{', '}', '*', '$'];

/// What the ARN can match, or why it never matches, as a part of a sentence.
pub(super) fn judged(arn: &str) -> Result<Matches, String> {
    if arn != arn.trim() || arn.contains(char::is_whitespace) {
        return Err("it has blanks in it".to_owned());
    }
    if arn.contains(PLACEHOLDERS) {
        return Err("it has a placeholder in it that was not filled in".to_owned());
    }
    let arn = lower(arn);
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts[..] else {
        return Err("it is not an ARN (arn:aws:iam::111122223333:user/jane)".to_owned());
    };
    of_account(parts[0], partition, region, account)?;
    match (service, resource.split('/').next().unwrap_or_default()) {
        ("iam", "root") if resource == "root" => Ok(Matches::Root),
        ("sts", "federated-user") => {
            let name = resource.strip_prefix("federated-user/").unwrap_or_default();
            if name.is_empty() || name.contains('/') {
                return Err("the name of the federated user is missing".to_owned());
            }
            Ok(Matches::Federated)
        }
        ("sts", "assumed-role") => Err("it is the session of a role, which is looked up as its role \
             (arn:aws:iam::111122223333:role/NAME)"
            .to_owned()),
        ("iam", "group") => Err("groups of IAM cannot be mapped, only users and roles".to_owned()),
        _ => match PrincipalArn::parse(&arn).map_err(|error| error.why().to_owned())? {
            PrincipalArn::Role(role) if role.path() != "/" => Ok(Matches::RoleWithPath),
            PrincipalArn::Role(_) => Ok(Matches::Role),
            PrincipalArn::User(_) => Ok(Matches::User),
        },
    }
}

fn of_account(arn: &str, partition: &str, region: &str, account: &str) -> Result<(), String> {
    if arn != "arn" {
        return Err("it is not an ARN".to_owned());
    }
    Partition::parse(partition).map_err(|error| error.why().to_owned())?;
    if !region.is_empty() {
        return Err("an ARN of IAM names no region: two colons stand before the account".to_owned());
    }
    AccountId::parse(account).map(drop).map_err(|error| error.why().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_authenticator_lets_in_whatever_its_case_is_not_called_dead() {
        for (arn, matches) in [
            ("Arn:aws:iam::111122223333:user/Ana", Matches::User),
            ("arn:aws:iam::111122223333:Role/ops", Matches::Role),
            ("ARN:AWS:IAM::111122223333:ROLE/OPS", Matches::Role),
            ("arn:aws-cn:iam::111122223333:user/team/ana", Matches::User),
            ("arn:aws:iam::111122223333:role/team/ops", Matches::RoleWithPath),
            ("arn:aws:iam::111122223333:root", Matches::Root),
            ("arn:aws:sts::111122223333:federated-user/ana", Matches::Federated),
        ] {
            assert_eq!(judged(arn), Ok(matches), "{arn}");
        }
    }

    #[test]
    fn what_no_caller_can_be_is_said_with_its_reason() {
        for (arn, why) in [
            ("arn:aws:iam:eu-west-1:111122223333:user/ana", "region"),
            ("arn:aws:iam::1111222233334:user/ana", "12 digits"),
            ("arn:aws:iam::11112222333:role/ops", "12 digits"),
            ("arn:aws:iam::1111-2222-3333:root", "12 digits"),
            ("arn:amazon:iam::111122223333:user/ana", "partition"),
            ("arn:aws:iam::111122223333:user/ana ", "blanks"),
            ("arn:aws:iam::111122223333:user/ana petrova", "blanks"),
            ("arn:aws:iam::111122223333:user/<ana>", "placeholder"),
            ("arn:aws:iam::${ACCOUNT_ID}:role/ops", "placeholder"),
            ("arn:aws:iam::111122223333:role/*", "placeholder"),
            ("arn:aws:iam::111122223333:group/devs", "groups of IAM"),
            ("arn:aws:sts::111122223333:assumed-role/ops/ana", "session"),
            ("arn:aws:iam::111122223333:user/", "name"),
            ("arn:aws:iam::111122223333", "not an ARN"),
            ("ana", "not an ARN"),
        ] {
            let said = judged(arn).unwrap_err();
            assert!(said.contains(why), "{arn}: {said}");
        }
    }
}
