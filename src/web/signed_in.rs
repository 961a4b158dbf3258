//! The person who sent a request. Identity comes from the session alone, never from what a client sends.

use super::{
    Failure, State,
    cookies::CookieKind,
    failure::Unruled,
    frame::ShownTo,
    layout::{Banner, Layout, NavItem},
};
use crate::{
    actions::{
        policy::{self, Current},
        sight,
        visitor::{Assurance, Roles, Visitor},
    },
    causes::chain,
    store::{limits::CountedAction, read::pulse, sessions},
    words::{Clock, limits::Often},
};
use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use jiff::tz::TimeZone;
use latchkey_domain::access::{SessionId, cluster::ClusterName, person::Theme};
use std::sync::Arc;

/// A person who is signed in, with what every page needs to know. As an extractor it fails with `SignedOut` without a
/// session, which leads to the sign-in page and back again.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub session: SessionId,
    pub visitor: Visitor,
    /// If no policy can be read, one that allows nothing: a person can still see their accesses and give them back.
    pub policy: Arc<Current>,
    pub unruled: Option<Unruled>,
    /// Business time from the database, in the person's zone, or the site's if they chose none.
    pub clock: Clock,
    pub theme: Theme,
    /// The zone that the person chose, by its IANA name.
    pub time_zone: Option<String>,
    pub banners: Vec<Banner>,
}

impl SignedIn {
    /// The layout of a page for this person.
    pub fn layout(&self, place: NavItem, title: impl Into<String>) -> Layout {
        Layout::new(self, place, title)
    }

    /// Whether to show the link to the form of a request. If no policy can be read it is shown, and the form says so.
    pub fn may_ask(&self) -> bool {
        self.visitor.roles.requester || self.unruled.is_some()
    }

    /// The same for a cluster: whether a policy lets this person ask for something there.
    pub fn may_ask_on(&self, cluster: &str) -> bool {
        let offers = |name: ClusterName| !self.policy.file.may_ask(&self.visitor.person, &name).is_empty();
        self.unruled.is_some() || cluster.parse().is_ok_and(offers)
    }

    /// Fails for everyone except operators.
    ///
    /// # Errors
    /// See [`SignedIn::not_theirs`].
    pub fn operator(&self) -> Result<(), Failure> {
        if sight::targets(self.visitor.roles) { Ok(()) } else { Err(self.not_theirs()) }
    }

    /// Fails for everyone except auditors.
    ///
    /// # Errors
    /// See [`SignedIn::not_theirs`].
    pub fn auditor(&self) -> Result<(), Failure> {
        if sight::audit(self.visitor.roles) { Ok(()) } else { Err(self.not_theirs()) }
    }

    /// The current policy; `None` if it cannot be read.
    pub fn rules(&self) -> Option<&Current> {
        self.unruled.is_none().then_some(&*self.policy)
    }

    /// Fails if the current policy cannot be read.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be read.
    pub fn ruled(&self) -> Result<(), Failure> {
        self.unruled.map_or(Ok(()), |unruled| Err(unruled.into()))
    }

    /// The failure for a thing that is absent or not this person's to see, without telling which. Without a policy
    /// Latchkey cannot tell who may decide, operate or audit, and says that instead.
    pub fn not_theirs(&self) -> Failure {
        let Some(unruled) = self.unruled else { return Failure::NotFound };
        Failure::Unavailable(format!(
            "Who decides, operates and audits stands in the policy, so Latchkey cannot tell whether this is yours to \
             see. {}",
            unruled.sentence()
        ))
    }
}

/// Polled addresses end in this; a poll never extends a session.
const POLLS_END_WITH: &str = "/live";

impl FromRequestParts<State> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let polling = parts.uri.path().ends_with(POLLS_END_WITH);
        let found = match CookieKind::Session.read(&parts.headers, &state.site) {
            Some(token) => sessions::signed_in(&state.store, &token, state.site.sessions, !polling).await?,
            None => None,
        };
        let Some(found) = found else {
            // Only a page can be returned to. Handlers of forms keep what was posted, if they can.
            let back = (matches!(parts.method, Method::GET | Method::HEAD) && !polling).then(|| parts.uri.to_string());
            return Err(Failure::SignedOut { back });
        };
        if parts.method == Method::POST {
            let session = found.session.to_string();
            state.count(CountedAction::Form, &session, state.site.limits.forms_per_session, Often::Form).await?;
        }
        let (policy, unruled) = match policy::of_hash(&state.store, found.policy_hash.as_deref()).await {
            Ok(policy) => (policy, None),
            Err(error) => (policy::nothing(), Some(Unruled::of(error)?)),
        };
        let (now, pulse) = match pulse::read(&state.store).await {
            Ok(pulse) => (pulse.now, Some(pulse)),
            Err(error) if error.is_unavailable() => return Err(error.into()),
            // A single unreadable row must not take a page away from every visitor.
            Err(error) => {
                tracing::error!(error = %chain(&error), "how Latchkey fares cannot be read");
                (pulse::now(&state.store).await?, None)
            }
        };
        // If this machine's time zone database no longer has the zone, the site's applies until the person chooses
        // another.
        let own_zone = found.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let clock = Clock::new(now, own_zone.unwrap_or_else(|| state.site.zone.clone()));
        let roles = Roles::of(&found.person, &policy.file);
        let assurance = Assurance { auth_time: found.auth_time, acr: found.acr, amr: found.amr };
        let visitor = Visitor { person: found.person, roles, assurance };
        let mut banners: Vec<Banner> = unruled.map(Banner::unruled).into_iter().collect();
        match &pulse {
            Some(pulse) => {
                banners.extend(pulse.banners(&clock));
                if roles.operator {
                    banners.extend(pulse.operators_banners(&clock));
                }
            }
            None => banners.push(Banner::fares_unknown()),
        }
        let signed_in = Self {
            session: found.session,
            visitor,
            banners,
            policy,
            unruled,
            clock,
            theme: found.theme,
            time_zone: found.time_zone,
        };
        // The frame shows who is signed in on its error pages.
        if let Some(shown) = parts.extensions.get::<ShownTo>() {
            shown.is(&signed_in);
        }
        Ok(signed_in)
    }
}
