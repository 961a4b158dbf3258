//! Who arrives: what is read of claims that were verified. Used are handle, groups, name, and the mail address with
//! whether it is verified; nothing else can refuse anybody.

use super::{LoginError, OpenIdConfig, id_token, told::Told};
use crate::{config::settings::ClaimPath, store::people::Arrival};
use jiff::Timestamp;
use latchkey_domain::access::person::Handle;
use serde_json::Value;

/// What the provider says about somebody: in the ID token, and in userinfo where it was asked.
#[derive(Debug)]
pub struct About {
    pub subject: String,
    pub id_token: Told,
    pub userinfo: Option<Told>,
    pub at: Timestamp,
}

impl About {
    /// Whether the ID token leaves something open that userinfo may say.
    pub fn is_thin(&self, config: &OpenIdConfig) -> bool {
        let open = |path: &ClaimPath| self.id_token.at(path.names()).is_none();
        open(&config.groups_claim) || open(&config.handle_claim) || self.handle(config).is_err()
    }

    /// Whether somebody can be signed in by what there is.
    pub fn is_enough(&self, config: &OpenIdConfig) -> bool {
        self.groups(config).is_ok() && self.handle(config).is_ok()
    }

    /// What there is not of the groups and the handle: part of a sentence, with the claims that were read.
    ///
    /// # Errors
    /// What is wrong with a claim that is there: `Unverified`, `GroupsOdd`, `GroupsTruncated`.
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

    /// Groups that the provider has elsewhere: no userinfo brings them.
    ///
    /// # Errors
    /// `GroupsElsewhere`.
    pub fn has_its_groups(&self, config: &OpenIdConfig) -> Result<(), LoginError> {
        let path = &config.groups_claim;
        let elsewhere = |source: &Told| {
            // Entra leaves the claim out past 200 groups. It says where to look instead, or only that there are some.
            let names = source.get("_claim_names").and_then(|names| names.get(path.first())).is_some();
            let has = source.get("hasgroups").is_some_and(|has| *has == Value::Bool(true) || has == "true");
            names || (has && self.at(path).is_none())
        };
        let claim = path.to_string();
        if self.sources().any(elsewhere) { Err(LoginError::GroupsElsewhere { claim }) } else { Ok(()) }
    }

    /// The person, by what there is, in these groups.
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

    /// The sources, the one that is believed first.
    fn sources(&self) -> impl Iterator<Item = &Told> {
        std::iter::once(&self.id_token).chain(&self.userinfo)
    }

    fn at(&self, path: &ClaimPath) -> Option<&Value> {
        self.sources().find_map(|source| source.at(path.names()))
    }

    /// What says who may do what stands in each source once.
    fn once(&self, path: &ClaimPath) -> Result<(), LoginError> {
        self.sources().try_for_each(|source| id_token::once(source, path.first())).map_err(super::unverified)
    }

    /// The groups. A list that is missing, is none, or was cut short gives nobody anything.
    ///
    /// # Errors
    /// Why they cannot be trusted: `Unverified`, `GroupsElsewhere`, `GroupsMissing`, `GroupsOdd`, `GroupsTruncated`.
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
        // No policy names such a group, and the database could not hold it.
        Ok(groups.into_iter().filter(|group| !group.contains(char::is_control)).collect())
    }

    /// Whether the groups are one text that looks like several names: it is taken for one, since nobody says by what they
    /// are told apart. A distinguished name (`CN=devs,OU=teams`) is one.
    pub fn is_several_in_one(&self, config: &OpenIdConfig) -> bool {
        let text = self.at(&config.groups_claim).and_then(Value::as_str);
        text.is_some_and(|text| text.contains([',', ';']) && !text.contains('='))
    }

    /// The mail address, or why it is none. Whether it is verified is told by whoever told the address; a provider that
    /// does not say so at all answers for it.
    fn mail(&self) -> Result<&str, &'static str> {
        let source = self.sources().find(|source| source.get("email").is_some()).ok_or("is not there")?;
        let verified = match source.get("email_verified") {
            None => !source.is_doubtful("email_verified"),
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            Some(other) => *other == Value::Bool(true),
        };
        let fits = |mail: &&str| !mail.is_empty() && mail.len() <= 320 && !mail.contains(char::is_control);
        let mail = source.text("email").filter(fits).ok_or("is no address")?;
        if verified { Ok(mail) } else { Err("is not verified") }
    }

    /// The handle: of the claim that is configured, else of `preferred_username`, else of the mail address, up to an `@`;
    /// the first that has a letter or digit which handles are made of.
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
    value.as_str().ok_or("is no text")
}

/// Names of groups: a list of texts; one text, which is one group; or, as ZITADEL tells roles, an object of them in which
/// each leads to the organisations that gave it.
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

/// Nothing that a name is read by: control characters, and those that turn what follows on a page or in a log around.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
