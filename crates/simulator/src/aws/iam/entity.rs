//! What users and roles have in common for IAM's calls.

use std::collections::BTreeMap;

use crate::aws::{
    error::ApiError,
    model::{Account, Role, User},
};

/// A user or a role.
pub(super) trait Entity: Sized {
    /// Its part of the names of actions and fields: `User`.
    const KIND: &'static str;
    /// As texts call it.
    const WORD: &'static str;
    /// White space is not counted, and all inline policies of an entity count together.
    const MOST_CHARACTERS: usize;

    /// All of the account, by name in lower case.
    fn all(account: &Account) -> &BTreeMap<String, Self>;
    /// [`Self::all`], to change.
    fn all_mut(account: &mut Account) -> &mut BTreeMap<String, Self>;
    fn name(&self) -> &str;
    /// With its path.
    fn arn(&self, account: &str) -> String;
    fn policies(&self) -> &BTreeMap<String, String>;
    fn policies_mut(&mut self) -> &mut BTreeMap<String, String>;
    fn tags(&self) -> &BTreeMap<String, String>;
    fn tags_mut(&mut self) -> &mut BTreeMap<String, String>;

    /// # Errors
    /// `UnmodifiableEntity`: AWS alone changes it.
    fn check_modifiable(&self) -> Result<(), ApiError>;

    /// `iam:PutUserPolicy` of `Put` and `Policy`.
    fn action(before: &str, after: &str) -> String {
        format!("iam:{before}{}{after}", Self::KIND)
    }

    fn absent(name: &str) -> ApiError {
        ApiError::no_such_entity(format!("The {} with name {name} cannot be found.", Self::WORD))
    }
}

/// Where an entity has what both have: `users` and `roles` are tables of an account, and their rows have the same fields.
macro_rules! fields {
    ($table:ident) => {
        fn all(account: &Account) -> &BTreeMap<String, Self> {
            &account.$table
        }

        fn all_mut(account: &mut Account) -> &mut BTreeMap<String, Self> {
            &mut account.$table
        }

        fn name(&self) -> &str {
            &self.name
        }

        fn arn(&self, account: &str) -> String {
            Self::arn(self, account)
        }

        fn policies(&self) -> &BTreeMap<String, String> {
            &self.policies
        }

        fn policies_mut(&mut self) -> &mut BTreeMap<String, String> {
            &mut self.policies
        }

        fn tags(&self) -> &BTreeMap<String, String> {
            &self.tags
        }

        fn tags_mut(&mut self) -> &mut BTreeMap<String, String> {
            &mut self.tags
        }
    };
}

impl Entity for User {
    const KIND: &'static str = "User";
    const WORD: &'static str = "user";
    const MOST_CHARACTERS: usize = 2_048;

    fields!(users);

    fn check_modifiable(&self) -> Result<(), ApiError> {
        Ok(())
    }
}

/// Paths of the roles that Identity Center and services make, and that AWS alone changes.
const PROTECTED: &[&str] = &["/aws-reserved/", "/aws-service-role/"];

impl Entity for Role {
    const KIND: &'static str = "Role";
    const WORD: &'static str = "role";
    const MOST_CHARACTERS: usize = 10_240;

    fields!(roles);

    fn check_modifiable(&self) -> Result<(), ApiError> {
        if !PROTECTED.iter().any(|path| self.path.starts_with(path)) {
            return Ok(());
        }
        let message = format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            self.name
        );
        Err(ApiError::new(400, "UnmodifiableEntity", message))
    }
}
