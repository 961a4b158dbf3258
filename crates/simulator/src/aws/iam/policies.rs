//! Inline policies of users and roles.

use super::{Request, check_name, encoded, entity::Entity};
use crate::aws::{authorize::check_document, error::ApiError, query::Xml};

pub(super) fn put<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change(&E::action("Put", "Policy"), |entity: &mut E| {
        let name = request.form.need("PolicyName")?;
        let document = request.form.need("PolicyDocument")?;
        check_name("policyName", name, 128)?;
        check_document(document)?;
        entity.policies_mut().insert(name.to_owned(), document.to_owned());
        let counted: usize =
            entity.policies().values().map(|text| text.chars().filter(|c| !c.is_whitespace()).count()).sum();
        if counted > E::MOST_CHARACTERS {
            let (most, word, name) = (E::MOST_CHARACTERS, E::WORD, entity.name());
            let message = format!("Maximum policy size of {most} bytes exceeded for {word} {name}");
            return Err(ApiError::new(409, "LimitExceeded", message));
        }
        Ok(Xml::new())
    })
}

pub(super) fn get<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read(&E::action("Get", "Policy"), |entity: &E| {
        let name = request.form.need("PolicyName")?;
        let document = entity.policies().get(name).ok_or_else(|| no_policy::<E>(name))?;
        Ok(Xml::new()
            .text(&format!("{}Name", E::KIND), entity.name())
            .text("PolicyName", name)
            .text("PolicyDocument", &encoded(document)))
    })
}

pub(super) fn delete<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change(&E::action("Delete", "Policy"), |entity: &mut E| {
        let name = request.form.need("PolicyName")?;
        entity.policies_mut().remove(name).ok_or_else(|| no_policy::<E>(name))?;
        Ok(Xml::new())
    })
}

pub(super) fn list<E: Entity>(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read(&E::action("List", "Policies"), |entity: &E| {
        let (page, next) = request.form.page(entity.policies().keys(), String::as_str)?;
        let names = page.into_iter().map(String::as_str);
        Ok(Xml::new().truncated(next.as_deref()).texts("PolicyNames", names))
    })
}

fn no_policy<E: Entity>(name: &str) -> ApiError {
    ApiError::no_such_entity(format!("The {} policy with name {name} cannot be found.", E::WORD))
}
