//! The texts of aws-auth: removes exactly what was written and adds what is missing, in one change.
//!
//! Entries of other clients are byte for byte the same afterwards. A mapping is removed by undoing its splice if
//! nothing else changed since, otherwise by deleting exactly the recorded bytes. If another tool rewrote those, the
//! entry is found by its ARN, as long as it says what Latchkey wrote.

use super::{RecordedMapping, canonical};
use crate::{
    access::{PrincipalId, blocker::Blocker},
    eks::{
        arn::PrincipalArn,
        aws_auth::{AwsAuth, Data, Edit, Key, Unsafe},
    },
};

/// The result of removing a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// There is nothing of Latchkey's to remove.
    Nothing,
    /// The data without it.
    Without(Data),
    /// Another client changed it, so that it cannot be told apart from a foreign entry.
    Stuck(Blocker),
}

/// A line to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLine {
    pub principal: PrincipalId,
    pub visit: u32,
    pub username: String,
    pub key: Key,
    pub inserted: String,
    pub text_before: Option<String>,
}

/// Removes a recorded mapping.
pub fn without(data: &Data, recorded: &RecordedMapping) -> Removal {
    let (Some(key), Some(inserted)) = (recorded.key, recorded.inserted.as_deref()) else { return Removal::Nothing };
    let Some(text) = data.get(key.as_str()) else { return Removal::Nothing };
    if is_undone_by(text, recorded, key, inserted) {
        return Removal::Without(with(data, key, recorded.text_before.as_deref()));
    }
    let auth = AwsAuth::read(data);
    match auth.edit(&Edit::RemoveBytes { key, bytes: inserted.to_owned() }) {
        Ok(spliced) => Removal::Without(spliced.data(data)),
        Err(why) => rewritten(&auth, data, key, recorded, &why),
    }
}

/// Removes exactly the bytes that were recorded, if they are there as they were written; otherwise `None`.
pub fn without_bytes(data: &Data, recorded: &RecordedMapping) -> Option<Data> {
    let (key, inserted) = (recorded.key?, recorded.inserted.as_deref()?);
    let text = data.get(key.as_str())?;
    if is_undone_by(text, recorded, key, inserted) {
        return Some(with(data, key, recorded.text_before.as_deref()));
    }
    let edit = Edit::RemoveBytes { key, bytes: inserted.to_owned() };
    AwsAuth::read(data).edit(&edit).ok().map(|spliced| spliced.data(data))
}

/// The text before a mapping that was written while `gone` was still there, with `gone` removed, too.
pub fn text_before_without(text_before: Option<&str>, gone: &RecordedMapping) -> Option<String> {
    let key = gone.key?;
    let mut data = Data::new();
    data.insert(key.as_str().to_owned(), text_before?.to_owned());
    match without(&data, gone) {
        Removal::Without(data) => data.get(key.as_str()).cloned(),
        Removal::Nothing | Removal::Stuck(_) => text_before.map(str::to_owned),
    }
}

/// A line for a user or a role, and the data with it.
///
/// # Errors
/// `Unsafe` if there is no safe place for it.
pub fn with_line(
    data: &Data,
    principal: PrincipalId,
    arn: &PrincipalArn,
    visit: u32,
    username: &str,
) -> Result<(OwnLine, Data), Unsafe> {
    let (written, username, groups) = (arn.canonical().to_string(), username.to_owned(), Vec::new());
    let edit = match arn {
        PrincipalArn::User(_) => Edit::AddUser { arn: written, username: username.clone(), groups },
        PrincipalArn::Role(_) => Edit::AddRole { arn: written, username: username.clone(), groups },
    };
    let spliced = AwsAuth::read(data).edit(&edit)?;
    let after = spliced.data(data);
    let line = OwnLine {
        principal,
        visit,
        username,
        key: spliced.key,
        inserted: spliced.inserted,
        text_before: spliced.before,
    };
    Ok((line, after))
}

/// Whether `text` is what the same edit makes of the text before: then nothing else has changed since.
fn is_undone_by(text: &str, recorded: &RecordedMapping, key: Key, inserted: &str) -> bool {
    let data = with(&Data::new(), key, recorded.text_before.as_deref());
    let (arn, username) = (canonical(&recorded.arn).into_owned(), recorded.username.clone());
    let edit = match key {
        Key::MapUsers => Edit::AddUser { arn, username, groups: Vec::new() },
        Key::MapRoles => Edit::AddRole { arn, username, groups: Vec::new() },
        Key::MapAccounts => return false,
    };
    let replayed = AwsAuth::read(&data).edit(&edit);
    replayed.is_ok_and(|spliced| spliced.inserted == inserted && spliced.after.as_deref() == Some(text))
}

/// The recorded bytes are not there: another tool rewrote the entry, or removed it.
fn rewritten(auth: &AwsAuth, data: &Data, key: Key, recorded: &RecordedMapping, why: &Unsafe) -> Removal {
    let Some(left) = left_of(auth, key, recorded) else {
        // An unreadable text that still names the user holds something of Latchkey's that cannot be removed safely. In
        // a readable text without the entry, only a comment or another value can contain the name, and it maps no user.
        let unreadable = auth.errors().iter().any(|error| error.key == key);
        let named = unreadable && data.get(key.as_str()).is_some_and(|text| text.contains(&recorded.username));
        return if named { Removal::Stuck(stuck(recorded, why)) } else { Removal::Nothing };
    };
    let own_arn = canonical(&recorded.arn);
    let ours = left.groups.is_empty() && left.arn.eq_ignore_ascii_case(&own_arn);
    if !ours && !left.groups.is_empty() {
        return Removal::Stuck(Blocker::LineLeftWithGroups {
            arn: left.arn.to_owned(),
            username: recorded.username.clone(),
            groups: left.groups.to_vec(),
        });
    }
    if !ours {
        return Removal::Stuck(stuck(recorded, why));
    }
    match auth.edit(&Edit::Remove { arn: own_arn.into_owned() }) {
        // A comment inside the entry is another author's, and would be removed with it.
        Ok(spliced) if spliced.removes_a_comment() => Removal::Stuck(stuck(recorded, why)),
        Ok(spliced) if spliced.after.is_none() => Removal::Without(with(data, key, empty_before(recorded, key))),
        Ok(spliced) => Removal::Without(spliced.data(data)),
        Err(why) => Removal::Stuck(stuck(recorded, &why)),
    }
}

/// An entry of the recorded username that is left.
struct LeftEntry<'a> {
    arn: &'a str,
    groups: &'a [String],
}

fn left_of<'a>(auth: &'a AwsAuth, key: Key, recorded: &RecordedMapping) -> Option<LeftEntry<'a>> {
    let identities = auth.identities();
    match key {
        Key::MapUsers => {
            let user = identities.users.iter().find(|user| user.username == recorded.username)?;
            Some(LeftEntry { arn: &user.userarn, groups: &user.groups })
        }
        Key::MapRoles => {
            let role = identities.roles.iter().find(|role| role.username == recorded.username)?;
            Some(LeftEntry { arn: role.rolearn.as_deref().unwrap_or_default(), groups: &role.groups })
        }
        Key::MapAccounts => None,
    }
}

/// The text before, if it held no entry either: it is restored once no entry is left.
fn empty_before(recorded: &RecordedMapping, key: Key) -> Option<&str> {
    recorded.text_before.as_deref().filter(|text| {
        let data = with(&Data::new(), key, Some(text));
        let auth = AwsAuth::read(&data);
        let empty = match key {
            Key::MapUsers => auth.identities().users.is_empty(),
            Key::MapRoles => auth.identities().roles.is_empty(),
            Key::MapAccounts => false,
        };
        !text.contains('#') && empty
    })
}

fn stuck(recorded: &RecordedMapping, why: &Unsafe) -> Blocker {
    Blocker::LineLeftChanged { arn: recorded.arn.clone(), username: recorded.username.clone(), why: why.clone() }
}

fn with(data: &Data, key: Key, text: Option<&str>) -> Data {
    let mut data = data.clone();
    match text {
        Some(text) => data.insert(key.as_str().to_owned(), text.to_owned()),
        None => data.remove(key.as_str()),
    };
    data
}
