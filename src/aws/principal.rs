//! A principal of either kind: a user or a role.

use super::{Aws, KnownEntity};
use crate::fault::Fault;
use crate::lease::Permit;
use latchkey_domain::{
    eks::arn::{PrincipalArn, RoleArn},
    plan::observation::IamEntity,
};
use std::collections::BTreeMap;

impl Aws {
    /// What IAM says of the principal, without inline policies. A role is found by its name, whatever its path.
    ///
    /// # Errors
    /// Refused without valid credentials of the caller; transient, throttled.
    pub async fn known(&self, arn: &PrincipalArn) -> Result<KnownEntity, Fault> {
        match arn {
            PrincipalArn::User(user) => self.known_user(user).await,
            PrincipalArn::Role(role) => self.known_role(role).await,
        }
    }

    /// Its inline policies, by name.
    ///
    /// # Errors
    /// Not found without such a principal; refused, transient, throttled.
    pub async fn policies(&self, arn: &PrincipalArn) -> Result<BTreeMap<String, String>, Fault> {
        match arn {
            PrincipalArn::User(user) => self.inline_policies(user).await,
            PrincipalArn::Role(role) => self.role_policies(role).await,
        }
    }

    /// The principal with its inline policies; `None` if IAM does not know it.
    ///
    /// # Errors
    /// Refused if a right is missing; transient, throttled.
    pub async fn entity(&self, arn: &PrincipalArn) -> Result<Option<IamEntity>, Fault> {
        match arn {
            PrincipalArn::User(user) => self.user(user).await,
            PrincipalArn::Role(role) => self.role(role).await,
        }
    }

    async fn role(&self, arn: &RoleArn) -> Result<Option<IamEntity>, Fault> {
        let (known, policies) = tokio::join!(self.known_role(arn), self.role_policies(arn));
        let found = match known? {
            KnownEntity::Is(found) => found,
            KnownEntity::NotThere => return Ok(None),
            KnownEntity::NotAllowed(fault) => return Err(fault),
        };
        match policies {
            Ok(inline_policies) => Ok(Some(IamEntity { inline_policies, ..found })),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Writes an inline policy, replacing one of the same name.
    ///
    /// # Errors
    /// Not found without such a principal; invalid, refused, conflict, transient, throttled.
    pub async fn put_policy(
        &self,
        permit: &Permit<'_>,
        arn: &PrincipalArn,
        name: &str,
        document: &str,
    ) -> Result<(), Fault> {
        match arn {
            PrincipalArn::User(user) => self.put_user_policy(permit, user, name, document).await,
            PrincipalArn::Role(role) => self.put_role_policy(permit, role, name, document).await,
        }
    }

    /// Removes an inline policy. Succeeds, too, if it is gone already.
    ///
    /// # Errors
    /// Refused, conflict, transient, throttled.
    pub async fn delete_policy(&self, permit: &Permit<'_>, arn: &PrincipalArn, name: &str) -> Result<(), Fault> {
        match arn {
            PrincipalArn::User(user) => self.delete_user_policy(permit, user, name).await,
            PrincipalArn::Role(role) => self.delete_role_policy(permit, role, name).await,
        }
    }

    /// Sets a tag and leaves others as they are.
    ///
    /// # Errors
    /// Not found without such a principal; invalid, refused, conflict, transient, throttled.
    pub async fn tag(&self, permit: &Permit<'_>, arn: &PrincipalArn, key: &str, value: &str) -> Result<(), Fault> {
        match arn {
            PrincipalArn::User(user) => {
                self.tag_user(permit, user, &BTreeMap::from([(key.to_owned(), value.to_owned())])).await
            }
            PrincipalArn::Role(role) => self.tag_role(permit, role, key, value).await,
        }
    }

    /// Removes a tag. Succeeds, too, if it is gone already.
    ///
    /// # Errors
    /// Refused, conflict, transient, throttled.
    pub async fn untag(&self, permit: &Permit<'_>, arn: &PrincipalArn, key: &str) -> Result<(), Fault> {
        match arn {
            PrincipalArn::User(user) => self.untag_user(permit, user, &[key.to_owned()]).await,
            PrincipalArn::Role(role) => self.untag_role(permit, role, key).await,
        }
    }
}
