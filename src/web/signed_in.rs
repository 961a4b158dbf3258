//! Who a request comes from. Identity comes from the session alone, never from what a client sends.

use super::{
    Failure, State,
    cookies::Kind,
    frame::Visitor,
    layout::{Banner, Layout, Place},
};
use crate::{
    actions::policy::Current,
    store::{limits::Counted, read::pulse, sessions},
    words::{Clock, limits::Often},
};
use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use jiff::tz::TimeZone;
use latchkey_domain::access::{
    SessionId,
    person::{Person, Role, Theme},
    policy::{Decision, PolicyFile},
};
use std::sync::Arc;

/// What somebody may do beside asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles {
    /// Some policy names them as one who decides.
    pub approver: bool,
    pub operator: bool,
    pub auditor: bool,
}

impl Roles {
    /// The person's roles under this policy.
    pub fn of(person: &Person, file: &PolicyFile) -> Self {
        let decides = |decision: &Decision| match decision {
            Decision::Automatic => false,
            Decision::Ask { approvers, .. } => approvers.contains(person),
        };
        Self {
            approver: file.policies.iter().any(|policy| decides(&policy.decision)),
            operator: file.has_role(person, Role::Operator),
            auditor: file.has_role(person, Role::Auditor),
        }
    }

    /// Whether they may see every access, everybody's.
    pub fn sees_all(self) -> bool {
        self.operator || self.auditor
    }
}

/// Somebody who is signed in, with what every page needs to know. As an extractor it leads whoever is not to the
/// sign-in page and back again.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub session: SessionId,
    pub person: Person,
    pub roles: Roles,
    pub policy: Arc<Current>,
    /// Business time, as the database has it, in the zone that they chose, or that of the site.
    pub clock: Clock,
    pub theme: Theme,
    /// The zone that they chose, by its IANA name.
    pub time_zone: Option<String>,
    pub banners: Vec<Banner>,
}

impl SignedIn {
    /// The layout of a page for this person.
    pub fn layout(&self, place: Place, title: impl Into<String>) -> Layout {
        Layout::new(self, place, title)
    }

    /// Goes on for operators only.
    ///
    /// # Errors
    /// `NotFound` for everybody else: what exists is not told.
    pub fn operator(&self) -> Result<(), Failure> {
        if self.roles.operator { Ok(()) } else { Err(Failure::NotFound) }
    }

    /// Goes on for auditors only.
    ///
    /// # Errors
    /// `NotFound` for everybody else: what exists is not told.
    pub fn auditor(&self) -> Result<(), Failure> {
        if self.roles.auditor { Ok(()) } else { Err(Failure::NotFound) }
    }
}

/// Polls end here, and never lengthen a session.
const POLLS_END_WITH: &str = "/live";

impl FromRequestParts<State> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let polling = parts.uri.path().ends_with(POLLS_END_WITH);
        let found = match Kind::Session.read(&parts.headers, &state.site) {
            Some(token) => sessions::signed_in(&state.store, &token, state.site.sessions, !polling).await?,
            None => None,
        };
        let Some(found) = found else {
            // Only a page can be returned to; what was posted is kept by the handlers that can.
            let back = (matches!(parts.method, Method::GET | Method::HEAD) && !polling).then(|| parts.uri.to_string());
            return Err(Failure::SignedOut { back });
        };
        if parts.method == Method::POST {
            let session = found.session.to_string();
            state.count(Counted::Form, &session, state.site.limits.forms_per_session, Often::Form).await?;
        }
        let policy = state.policy().await?;
        let pulse = pulse::read(&state.store).await?;
        // A zone that this machine's database lost since is the site's until another is chosen.
        let own_zone = found.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let clock = Clock::new(pulse.now, own_zone.unwrap_or_else(|| state.site.zone.clone()));
        let roles = Roles::of(&found.person, &policy.file);
        let mut banners = pulse.banners(&clock);
        if roles.operator {
            banners.extend(pulse.operators_banners(&clock));
        }
        let signed_in = Self {
            session: found.session,
            roles,
            person: found.person,
            banners,
            policy,
            clock,
            theme: found.theme,
            time_zone: found.time_zone,
        };
        // The frame shows who is signed in on error pages, too.
        if let Some(visitor) = parts.extensions.get::<Visitor>() {
            visitor.is(&signed_in);
        }
        Ok(signed_in)
    }
}
