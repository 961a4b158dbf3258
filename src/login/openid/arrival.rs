//! Reads a person from verified claims. It uses the handle, the groups, the name, and the mail address with whether it
//! is verified; no other claim can refuse a sign-in.

use super::{LoginError, OpenIdConfig, id_token, told::ToldObject};
use crate::{config::settings::ClaimPath, store::people::Arrival};
use jiff::Timestamp;
use latchkey_domain::access::person::Handle;
use serde_json::Value;

/// The provider's claims about a person: from the ID token, and from userinfo if it was asked.
#[derive(Debug)]
pub struct ProviderClaims {
    pub subject: String,
    pub id_token: ToldObject,
    pub userinfo: Option<ToldObject>,
    pub at: Timestamp,
}

impl ProviderClaims {
    /// Whether the ID token leaves something open that userinfo may answer.
    pub fn is_thin(&self, config: &OpenIdConfig) -> bool {
        let open = |path: &ClaimPath| self.id_token.at(path.names()).is_none();
        open(&config.groups_claim) || open(&config.handle_claim) || self.handle(config).is_err()
    }

    /// Whether the claims are enough to sign the person in.
    pub fn is_enough(&self, config: &OpenIdConfig) -> bool {
        self.groups(config).is_ok() && self.handle(config).is_ok()
    }

    /// Which of groups and handle are missing: part of a sentence, with the claims that were read.
    ///
    /// # Errors
    /// If a claim is present and wrong: `Unverified`, `GroupsOdd`, `GroupsTruncated`.
    pub fn lacks(&self, config: &OpenIdConfig) -> Result<String, LoginError> {
        let mut lacks = Vec::new();
        match self.groups(config) {
            Ok(_) => {}
            Err(LoginError::GroupsMissing { claim }) => lacks.push(format!("your groups (`{claim}` is not there)")),
            Err(other) => return Err(other),
        }
        match self.handle(config) {
            Ok(_) => {}
            Err(LoginError::NoHandle { read }) => lacks.push(format!("a name for you ({read})")),
            Err(other) => return Err(other),
        }
        Ok(lacks.join(" and "))
    }

    /// Fails if the provider keeps the groups elsewhere: userinfo does not have them either.
    ///
    /// # Errors
    /// `GroupsElsewhere`.
    pub fn has_its_groups(&self, config: &OpenIdConfig) -> Result<(), LoginError> {
        let path = &config.groups_claim;
        let elsewhere = |source: &ToldObject| {
            // Entra leaves the claim out for more than 200 groups. It then names another place, or says only that there
            // are groups.
            let names = source.get("_claim_names").and_then(|names| names.get(path.first())).is_some();
            let has = source.get("hasgroups").is_some_and(|has| *has == Value::Bool(true) || has == "true");
            names || (has && self.at(path).is_none())
        };
        let claim = path.to_string();
        if self.sources().any(elsewhere) { Err(LoginError::GroupsElsewhere { claim }) } else { Ok(()) }
    }

    /// The person with these groups, from the claims.
    ///
    /// # Errors
    /// `Unverified`, `NoHandle`.
    pub fn arrival(&self, config: &OpenIdConfig, groups: Vec<String>) -> Result<Arrival, LoginError> {
        let handle = self.handle(config)?;
        let named = self.sources().find_map(|source| source.text("name").map(visible).filter(|name| !name.is_empty()));
        Ok(Arrival {
            issuer: config.issuer.clone(),
            subject: self.subject.clone(),
            name: named.unwrap_or_else(|| handle.to_string()),
            handle,
            email: self.mail().ok().map(str::to_owned),
            groups,
            at: self.at,
        })
    }

    /// The sources of claims, in order of precedence.
    fn sources(&self) -> impl Iterator<Item = &ToldObject> {
        std::iter::once(&self.id_token).chain(&self.userinfo)
    }

    fn at(&self, path: &ClaimPath) -> Option<&Value> {
        self.sources().find_map(|source| source.at(path.names()))
    }

    /// Claims that decide about rights must occur once in each source.
    fn once(&self, path: &ClaimPath) -> Result<(), LoginError> {
        self.sources().try_for_each(|source| id_token::once(source, path.first())).map_err(super::unverified)
    }

    /// The groups. A list that is missing, malformed or truncated is an error, so that it grants nothing.
    ///
    /// # Errors
    /// If they cannot be trusted: `Unverified`, `GroupsElsewhere`, `GroupsMissing`, `GroupsOdd`, `GroupsTruncated`.
    pub fn groups(&self, config: &OpenIdConfig) -> Result<Vec<String>, LoginError> {
        let path = &config.groups_claim;
        self.once(path)?;
        self.has_its_groups(config)?;
        let claim = || path.to_string();
        let told = self.at(path).ok_or_else(|| LoginError::GroupsMissing { claim: claim() })?;
        let groups = group_names(told).ok_or_else(|| LoginError::GroupsOdd { claim: claim() })?;
        if config.groups_limit.is_some_and(|limit| groups.len() >= limit) {
            return Err(LoginError::GroupsTruncated);
        }
        // No policy names a group with control characters, and the database could not store it.
        Ok(groups.into_iter().filter(|group| !group.contains(char::is_control)).collect())
    }

    /// Whether the groups are one text that looks like several names. It is taken for one name, since no standard says
    /// how names in it are separated. A distinguished name (`CN=devs,OU=teams`) is one name.
    pub fn is_several_in_one(&self, config: &OpenIdConfig) -> bool {
        let text = self.at(&config.groups_claim).and_then(Value::as_str);
        text.is_some_and(|text| text.contains([',', ';']) && !text.contains('='))
    }

    /// The mail address, or why it cannot be used. Whether it is verified is read from the same source. If
    /// `email_verified` is absent, the address counts as verified.
    fn mail(&self) -> Result<&str, &'static str> {
        let source = self.sources().find(|source| source.get("email").is_some()).ok_or("is not there")?;
        let verified = match source.get("email_verified") {
            None => !source.is_doubtful("email_verified"),
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            Some(other) => *other == Value::Bool(true),
        };
        let fits = |mail: &&str| !mail.is_empty() && mail.len() <= 320 && !mail.contains(char::is_control);
        let mail = source.text("email").filter(fits).ok_or("is not an address")?;
        if verified { Ok(mail) } else { Err("is not verified") }
    }

    /// The handle, from the configured claim, else from `preferred_username`, else from the mail address, up to an `@`.
    /// The first claim with a letter or digit that a handle may have is taken.
    fn handle(&self, config: &OpenIdConfig) -> Result<Handle, LoginError> {
        self.once(&config.handle_claim)?;
        let (usual, mail) = (ClaimPath::from("preferred_username"), ClaimPath::from("email"));
        let mut paths = vec![&config.handle_claim];
        paths.extend([&usual, &mail].into_iter().filter(|path| **path != config.handle_claim));
        let mut read = Vec::new();
        for path in paths {
            let told = if *path == mail { self.mail() } else { self.at(path).ok_or("is not there").and_then(text) };
            let before_at = |text: &str| Handle::nearest(text.split('@').next().unwrap_or_default());
            match told.and_then(|told| before_at(told).ok_or("has none of a-z and 0-9")) {
                Ok(handle) => return Ok(handle),
                Err(why) => read.push(format!("`{path}` {why}")),
            }
        }
        Err(LoginError::NoHandle { read: read.join(", ") })
    }
}

fn text(value: &Value) -> Result<&str, &'static str> {
    value.as_str().ok_or("is not text")
}

/// The names of groups: a list of texts; one text, which is one group; or an object of roles, as ZITADEL sends them, in
/// which each role has an object of the organisations that gave it.
fn group_names(told: &Value) -> Option<Vec<String>> {
    match told {
        Value::Array(list) => list.iter().map(|group| group.as_str().map(str::to_owned)).collect(),
        Value::String(text) if text.is_empty() => Some(vec![]),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Object(roles) => {
            let gave = |by: &Value| by.as_object().is_some_and(|by| by.values().all(Value::is_string));
            roles.values().all(gave).then(|| roles.keys().cloned().collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn visible(text: &str) -> String {
    text.chars().filter(|c| !hidden(*c)).take(200).collect::<String>().trim().to_owned()
}

/// Characters that hide or distort a name on a page or in a log: control characters, and those that change the
/// direction of the text after them.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
