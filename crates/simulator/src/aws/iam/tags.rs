//! Tags of users and roles.

use std::collections::BTreeMap;

use super::{Request, entity::Entity};
use crate::aws::{error::ApiError, query::Xml};

const MOST_TAGS: usize = 50;

pub(super) fn tag<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change(&E::action("Tag", ""), |entity: &mut E| {
        entity.tags_mut().extend(request.form.tags());
        check(entity.tags())?;
        Ok(Xml::new())
    })
}

pub(super) fn untag<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change(&E::action("Untag", ""), |entity: &mut E| {
        for key in request.form.list("TagKeys") {
            entity.tags_mut().remove(key);
        }
        Ok(Xml::new())
    })
}

pub(super) fn list<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read(&E::action("List", "Tags"), |entity: &E| {
        let pairs: Vec<_> = entity.tags().iter().collect();
        let (page, next) = request.form.page(pairs.iter(), |(key, _)| key.as_str())?;
        let members = page.into_iter().map(|(key, value)| one(key, value));
        Ok(Xml::new().truncated(next.as_deref()).members("Tags", members))
    })
}

/// The element `Tags`, or nothing if there are none.
pub(super) fn describe(xml: Xml, tags: &BTreeMap<String, String>) -> Xml {
    if tags.is_empty() { xml } else { xml.members("Tags", tags.iter().map(|(key, value)| one(key, value))) }
}

fn one(key: &str, value: &str) -> Xml {
    Xml::new().text("Key", key).text("Value", value)
}

/// # Errors
/// `LimitExceeded`, `InvalidInput`.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > MOST_TAGS {
        return Err(ApiError::new(409, "LimitExceeded", "The number of tags has reached the maximum limit."));
    }
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && !key.starts_with("aws:")
    };
    if tags.iter().all(fits) { Ok(()) } else { Err(ApiError::new(400, "InvalidInput", "Invalid tag key or value.")) }
}
