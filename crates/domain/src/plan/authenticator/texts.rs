//! The texts of aws-auth: taking out exactly what was written, putting in what is missing, in one change.
//!
//! What somebody else wrote is byte for byte the same afterwards. A mapping is taken out by taking its splice back
//! where nothing else changed since, else by deleting exactly the bytes recorded; where those were rewritten by
//! another tool, by the entry's ARN as long as it says what we wrote.

use super::RecordedMapping;
use crate::{
    access::{PrincipalId, blocker::Blocker},
    eks::{
        arn::PrincipalArn,
        aws_auth::{AwsAuth, Data, Edit, Key, Unsafe},
    },
};

/// What became of a mapping that should go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// There is nothing of ours to take out.
    Nothing,
    /// The data without it.
    Without(Data),
    /// Somebody changed it, so that it cannot be told from theirs.
    Stuck(Blocker),
}

/// A line to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub principal: PrincipalId,
    pub visit: u32,
    pub username: String,
    pub key: Key,
    pub inserted: String,
    pub text_before: Option<String>,
}

/// Takes a recorded mapping out.
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

/// Takes out exactly the bytes that were recorded, where they are there as they were written; else nothing.
pub fn without_bytes(data: &Data, recorded: &RecordedMapping) -> Option<Data> {
    let (key, inserted) = (recorded.key?, recorded.inserted.as_deref()?);
    let text = data.get(key.as_str())?;
    if is_undone_by(text, recorded, key, inserted) {
        return Some(with(data, key, recorded.text_before.as_deref()));
    }
    let edit = Edit::RemoveBytes { key, bytes: inserted.to_owned() };
    AwsAuth::read(data).edit(&edit).ok().map(|spliced| spliced.data(data))
}

/// The text that was before, for a mapping that was written while `gone` was still there: without `gone` too.
pub fn text_before_without(text_before: Option<&str>, gone: &RecordedMapping) -> Option<String> {
    let key = gone.key?;
    let mut data = Data::new();
    data.insert(key.as_str().to_owned(), text_before?.to_owned());
    match without(&data, gone) {
        Removal::Without(data) => data.get(key.as_str()).cloned(),
        Removal::Nothing | Removal::Stuck(_) => text_before.map(str::to_owned),
    }
}

/// A line for a user, and the data with it.
///
/// # Errors
/// `Unsafe` where no safe place for it exists.
pub fn with_line(
    data: &Data,
    principal: PrincipalId,
    arn: &PrincipalArn,
    visit: u32,
    username: &str,
) -> Result<(Line, Data), Unsafe> {
    let (arn, username, groups) = (arn.to_string(), username.to_owned(), Vec::new());
    let edit = Edit::AddUser { arn, username: username.clone(), groups };
    let spliced = AwsAuth::read(data).edit(&edit)?;
    let after = spliced.data(data);
    let line =
        Line { principal, visit, username, key: spliced.key, inserted: spliced.inserted, text_before: spliced.before };
    Ok((line, after))
}

/// Whether `text` is what the same edit makes of the text before: then nothing else changed since.
fn is_undone_by(text: &str, recorded: &RecordedMapping, key: Key, inserted: &str) -> bool {
    let data = with(&Data::new(), key, recorded.text_before.as_deref());
    let (arn, username) = (recorded.arn.clone(), recorded.username.clone());
    let edit = match key {
        Key::MapUsers => Edit::AddUser { arn, username, groups: Vec::new() },
        Key::MapRoles => Edit::AddRole { arn, username, groups: Vec::new() },
        Key::MapAccounts => return false,
    };
    let replayed = AwsAuth::read(&data).edit(&edit);
    replayed.is_ok_and(|spliced| spliced.inserted == inserted && spliced.after.as_deref() == Some(text))
}

/// The recorded bytes are not there: another tool rewrote the entry, or took it out.
fn rewritten(auth: &AwsAuth, data: &Data, key: Key, recorded: &RecordedMapping, why: &Unsafe) -> Removal {
    let users = &auth.identities().users;
    let Some(left) = users.iter().find(|user| user.username == recorded.username) else {
        // An unreadable text that still names the user holds something of ours that nobody can take out safely. In one
        // that can be read, only what somebody noted for themselves names it: nobody is mapped by that.
        let unreadable = auth.errors().iter().any(|error| error.key == key);
        let named = unreadable && data.get(key.as_str()).is_some_and(|text| text.contains(&recorded.username));
        return if named { Removal::Stuck(stuck(recorded, why)) } else { Removal::Nothing };
    };
    let ours = left.groups.is_empty() && left.userarn.eq_ignore_ascii_case(&recorded.arn);
    if !ours && !left.groups.is_empty() {
        return Removal::Stuck(Blocker::LineLeftWithGroups {
            arn: left.userarn.clone(),
            username: recorded.username.clone(),
            groups: left.groups.clone(),
        });
    }
    if !ours {
        return Removal::Stuck(stuck(recorded, why));
    }
    match auth.edit(&Edit::Remove { arn: recorded.arn.clone() }) {
        // A comment inside the entry is somebody's: it would go with it.
        Ok(spliced) if spliced.removes_a_comment() => Removal::Stuck(stuck(recorded, why)),
        Ok(spliced) if spliced.after.is_none() => Removal::Without(with(data, key, empty_before(recorded, key))),
        Ok(spliced) => Removal::Without(spliced.data(data)),
        Err(why) => Removal::Stuck(stuck(recorded, &why)),
    }
}

/// The text before, where it held nothing either: it comes back once nothing is left.
fn empty_before(recorded: &RecordedMapping, key: Key) -> Option<&str> {
    recorded.text_before.as_deref().filter(|text| {
        let data = with(&Data::new(), key, Some(text));
        !text.contains('#') && AwsAuth::read(&data).identities().users.is_empty()
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
