//! The page of an access whose row this version cannot read: what its plain columns tell, and how to end it.

use super::show::RefusedRevocation;
use crate::{
    actions::sight::{self, GrantPart},
    store::read::grant::GrantPlain,
    web::{
        Failure, SignedIn, State,
        layout::{Layout, NavItem},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use latchkey_domain::access::{GrantId, grant::GrantState};

/// The part of its state that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainState {
    /// It may allow something; also if its state is unknown to this version.
    Runs,
    Ends,
    Over,
}

/// The page of an access, reduced to what is certain.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "grants/plain.html")]
pub struct PlainPage {
    pub layout: Layout,
    pub access: GrantPlain,
    pub standing: PlainState,
    pub part: GrantPart,
    pub again: RefusedRevocation,
}

impl PlainPage {
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
        let found = sight::plain_grant(&state.store, &signed_in.visitor, id).await?;
        let (access, part) = found.ok_or_else(|| signed_in.not_theirs())?;
        Ok(Self::new(signed_in, access, part, again))
    }

    fn new(signed_in: &SignedIn, access: GrantPlain, part: GrantPart, again: RefusedRevocation) -> Self {
        let standing = match GrantState::parse(&access.state) {
            Some(GrantState::Revoking) => PlainState::Ends,
            Some(GrantState::Ended) => PlainState::Over,
            Some(GrantState::Scheduled | GrantState::Provisioning | GrantState::Active) | None => PlainState::Runs,
        };
        let error = if again.error.is_some() { "Error: " } else { "" };
        let title = format!("{error}Access on {}", access.cluster_name);
        let layout = signed_in.layout(NavItem::Elsewhere, title);
        Self { layout, access, standing, part, again }
    }

    /// Whether the visitor may give it back.
    pub fn can_give_back(&self) -> bool {
        self.part.holder && self.standing == PlainState::Runs
    }

    /// Whether the visitor may revoke it.
    pub fn can_revoke(&self) -> bool {
        self.part.may_end && self.standing == PlainState::Runs
    }
}

#[cfg(test)]
impl PlainPage {
    /// The page for this visitor, who may end the access.
    pub fn sample(signed_in: &SignedIn, access: GrantPlain) -> Self {
        let part = GrantPart { holder: access.holder == signed_in.visitor.person.id, may_end: true, oversees: true };
        Self::new(signed_in, access, part, RefusedRevocation::default())
    }
}
