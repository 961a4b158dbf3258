//! Access keys.

use super::{Request, date};
use crate::{
    aws::{
        error::ApiError,
        model::{AccessKey, User},
        query::Xml,
    },
    state::lock,
};

const MOST_KEYS: usize = 2;

pub(super) fn create(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change("iam:CreateAccessKey", |user: &mut User| {
        if user.keys.len() >= MOST_KEYS {
            let message = format!("Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}");
            return Err(ApiError::new(409, "LimitExceeded", message));
        }
        let key = AccessKey::new(request.now);
        let xml = describe(user, &key).text("SecretAccessKey", &key.secret.0);
        user.keys.push(key);
        Ok(Xml::new().element("AccessKey", &xml))
    })
}

pub(super) fn list(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read("iam:ListAccessKeys", |user: &User| {
        let mut keys: Vec<_> = user.keys.iter().collect();
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        let (page, next) = request.form.page(keys.iter(), |key| key.id.as_str())?;
        let members = page.into_iter().map(|key| describe(user, key));
        Ok(Xml::new().truncated(next.as_deref()).members("AccessKeyMetadata", members))
    })
}

pub(super) fn update(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change("iam:UpdateAccessKey", |user: &mut User| {
        let id = request.form.need("AccessKeyId")?;
        let active = match request.form.need("Status")? {
            "Active" => true,
            "Inactive" => false,
            other => {
                return Err(ApiError::validation(format!(
                    "1 validation error detected: Value '{other}' at 'status' failed to satisfy constraint: Member must \
                     satisfy enum value set: [Active, Inactive]"
                )));
            }
        };
        let key = user.keys.iter_mut().find(|key| key.id == id).ok_or_else(|| no_key(id))?;
        key.active = active;
        Ok(Xml::new())
    })
}

pub(super) fn delete(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change("iam:DeleteAccessKey", |user: &mut User| {
        let id = request.form.need("AccessKeyId")?;
        let at = user.keys.iter().position(|key| key.id == id).ok_or_else(|| no_key(id))?;
        user.keys.remove(at);
        Ok(Xml::new())
    })
}

pub(super) fn last_used(request: &Request<'_>) -> Result<Xml, ApiError> {
    let id = request.form.need("AccessKeyId")?;
    let account = request.settled();
    let (user, _) = account.user_of_key(id).ok_or_else(|| no_key(id))?;
    request.authorize("iam:GetAccessKeyLastUsed", &user.arn(request.account()), &[])?;
    let last = lock(&request.aws.0.ledger).last_used.get(id).cloned();
    // A key that was never used has no date at all.
    let last = match last {
        Some(last) => Xml::new()
            .text("LastUsedDate", &date(last.at))
            .text("ServiceName", &last.service)
            .text("Region", &last.region),
        None => Xml::new().text("ServiceName", "N/A").text("Region", "N/A"),
    };
    Ok(Xml::new().text("UserName", &user.name).element("AccessKeyLastUsed", &last))
}

fn describe(user: &User, key: &AccessKey) -> Xml {
    Xml::new()
        .text("UserName", &user.name)
        .text("AccessKeyId", &key.id)
        .text("Status", if key.active { "Active" } else { "Inactive" })
        .text("CreateDate", &date(key.created_at))
}

fn no_key(id: &str) -> ApiError {
    ApiError::no_such_entity(format!("The Access Key with id {id} cannot be found."))
}
