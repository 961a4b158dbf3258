//! The page of one access.

use super::{plain::PlainPage, view::View};
use crate::{
    actions::sight::{self, GrantPart},
    store::read::grant::GrantDetail,
    web::{
        Failure, SignedIn, State,
        layout::{Layout, NavItem},
        path::Id,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State as Extract},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use latchkey_domain::access::GrantId;
use serde::Deserialize;

/// One access: for its holder to use and give back, for deciders and operators to revoke, for auditors to see.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "grants/show.html")]
pub struct GrantPage {
    pub layout: Layout,
    pub view: View,
    /// What was sent and had no effect.
    pub again: RefusedRevocation,
}

/// The live part, as a poll gets it.
#[derive(Debug, Template)]
#[template(path = "grants/live.html")]
struct LivePart<'a> {
    layout: &'a Layout,
    view: &'a View,
}

/// A revocation that was refused, shown again.
#[derive(Debug, Default)]
pub struct RefusedRevocation {
    pub reason: String,
    pub error: Option<String>,
}

/// `GET /grants/{id}`: 404 for everyone except its holder, its deciders, operators and auditors.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<GrantId>,
) -> Result<Response, Failure> {
    Ok(shown(&state, &signed_in, id, RefusedRevocation::default()).await?.0)
}

/// The page as this visitor may see it now, reduced to what is certain if this version cannot read the access; and
/// whether the visitor may revoke it.
pub(super) async fn shown(
    state: &State,
    signed_in: &SignedIn,
    id: GrantId,
    again: RefusedRevocation,
) -> Result<(Response, bool), Failure> {
    let ((detail, part), again) = match sight::grant(&state.store, &signed_in.visitor, id).await {
        Err(error) if error.is_of_one_row() => {
            let page = PlainPage::read(state, signed_in, id, again).await?;
            let may = page.can_revoke();
            return Ok((page.into_response(), may));
        }
        found => (found?.ok_or_else(|| signed_in.not_theirs())?, again),
    };
    let page = GrantPage::new(signed_in, &detail, part, again);
    let may = page.view.can_revoke;
    Ok((page.into_response(), may))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LiveAccessQuery {
    seen: String,
}

/// `GET /grants/{id}/live?seen=`: 204 if nothing changed, else the live part.
pub async fn live(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<GrantId>,
    Query(query): Query<LiveAccessQuery>,
) -> Result<Response, Failure> {
    let page = GrantPage::read(&state, &signed_in, id, RefusedRevocation::default()).await?;
    if page.view.version == query.seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    match (LivePart { layout: &page.layout, view: &page.view }).render() {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => Err(Failure::internal(&error)),
    }
}

impl GrantPage {
    /// The page as this visitor may see it now.
    ///
    /// # Errors
    /// `NotFound` if this visitor may not see it.
    pub async fn read(
        state: &State,
        signed_in: &SignedIn,
        id: GrantId,
        again: RefusedRevocation,
    ) -> Result<Self, Failure> {
        let found = sight::grant(&state.store, &signed_in.visitor, id).await?;
        let (detail, part) = found.ok_or_else(|| signed_in.not_theirs())?;
        Ok(Self::new(signed_in, &detail, part, again))
    }

    fn new(signed_in: &SignedIn, detail: &GrantDetail, part: GrantPart, again: RefusedRevocation) -> Self {
        let mut view = View::of(detail, part, &signed_in.policy.file, &signed_in.clock);
        view.ask_again = view.ask_again.filter(|_| signed_in.may_ask());
        let error = if again.error.is_some() { "Error: " } else { "" };
        let title = format!("{error}{}", view.title);
        let address = format!("/grants/{}", view.id);
        let layout = signed_in.layout(NavItem::Elsewhere, title).prod(view.prod).live(address);
        Self { layout, view, again }
    }
}

#[cfg(test)]
impl GrantPage {
    /// The page for its holder.
    pub fn sample_for_holder(signed_in: &SignedIn, detail: &GrantDetail) -> Self {
        let part = GrantPart { holder: true, may_end: false, oversees: false };
        Self::new(signed_in, detail, part, RefusedRevocation::default())
    }

    /// The page for an operator who revoked without a reason.
    pub fn sample_for_operator(signed_in: &SignedIn, detail: &GrantDetail) -> Self {
        let part = GrantPart { holder: false, may_end: true, oversees: true };
        let error = "Say why: the holder of the access needs a reason.".to_owned();
        Self::new(signed_in, detail, part, RefusedRevocation { reason: String::new(), error: Some(error) })
    }

    /// The live part alone, as HTML.
    pub fn sample_live(&self) -> String {
        LivePart { layout: &self.layout, view: &self.view }.render().unwrap()
    }
}
