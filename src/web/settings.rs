//! A person's own settings: theme, time zone, and the sessions that are signed in.

mod zone;

use super::{
    Failure, SignedIn, State,
    cookies::{CookieKind, SET_COOKIE},
    layout::{Layout, NavItem},
    path::Id,
    routes::Routes,
};
use crate::{
    actions::sessions::{self as ending, SessionNotEnded},
    store::{
        people,
        sessions::{self, Living},
    },
    words,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Query, State as Extract},
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use latchkey_domain::access::{SessionId, person::Theme};
use serde::Deserialize;
use zone::NoZone;

/// See the module.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    pub layout: Layout,
    pub saved: bool,
    pub themes: [ThemeChoice; 3],
    /// The zone as typed; empty for the deployment's.
    pub zone: String,
    /// Every zone that is offered.
    pub zones: Vec<String>,
    /// The deployment's zone.
    pub usual_zone: String,
    pub zone_error: Option<String>,
    pub sessions: Vec<Session>,
    pub others: String,
    pub can_end_others: bool,
}

/// A theme to choose.
#[derive(Debug, Clone, Copy)]
pub struct ThemeChoice {
    pub value: &'static str,
    pub word: &'static str,
    pub chosen: bool,
}

/// A browser in which the person is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub browser: String,
    pub begun: Timestamp,
    pub seen: Timestamp,
    /// Whether this page was requested with it.
    pub this: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SettingsQuery {
    saved: Option<String>,
}

/// `GET /settings`: the person's own.
async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(query): Query<SettingsQuery>,
) -> Result<SettingsPage, Failure> {
    let zone = signed_in.time_zone.clone().unwrap_or_default();
    let page = SettingsPage::read(&state, &signed_in, signed_in.theme, zone).await?;
    Ok(SettingsPage { saved: query.saved.is_some(), ..page })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SettingsForm {
    theme: String,
    zone: String,
}

/// `POST /settings`: 303 to the page; 422 with what was typed if the zone is unknown.
async fn save(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Failure> {
    let theme = Theme::parse(&form.theme).ok_or_else(|| Failure::Malformed("There is no such theme.".to_owned()))?;
    let zone = match zone::find(&form.zone) {
        Ok(zone) => zone,
        Err(none) => {
            let typed: String = form.zone.chars().filter(|c| !c.is_control()).take(zone::LONGEST).collect();
            let mut page = SettingsPage::read(&state, &signed_in, theme, typed).await?;
            page.layout.title.insert_str(0, "Error: ");
            page.zone_error = Some(said(&none));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    people::prefer(&state.store, signed_in.visitor.person.id, theme, zone.as_deref()).await?;
    Ok(Redirect::to("/settings?saved=1").into_response())
}

fn said(none: &NoZone) -> String {
    match none {
        NoZone::Several(zones) => {
            format!("More than one zone is called that: write {} whole.", words::sentence::list(zones, "or"))
        }
        NoZone::Unknown(near) if near.is_empty() => {
            "That is not a time zone. Type a city, such as Berlin, or a zone\u{2019}s name, such as Europe/Berlin."
                .to_owned()
        }
        NoZone::Unknown(near) => {
            format!("That is not a time zone. Did you mean {}?", words::sentence::list(near, "or"))
        }
    }
}

/// `POST /settings/sessions/{id}/end`: ends any session of the person; 404 for others'. Its next request is signed out.
async fn end(Extract(state): Extract<State>, signed_in: SignedIn, Id(id): Id<SessionId>) -> Result<Response, Failure> {
    match ending::end(&state.store, &signed_in.visitor, id).await {
        Ok(()) if id == signed_in.session => {
            let cookie = AppendHeaders([(SET_COOKIE, CookieKind::Session.clear(&state.site))]);
            Ok((cookie, Redirect::to("/sign-in?signed_out=1")).into_response())
        }
        Ok(()) => Ok(Redirect::to("/settings").into_response()),
        Err(SessionNotEnded::NotFound) => Err(Failure::NotFound),
        Err(SessionNotEnded::Store(error)) => Err(error.into()),
    }
}

/// `POST /settings/sessions/end-others`: all sessions of the person except the one that sent this.
async fn end_others(Extract(state): Extract<State>, signed_in: SignedIn) -> Result<Response, Failure> {
    ending::end_others(&state.store, &signed_in.visitor, signed_in.session).await?;
    Ok(Redirect::to("/settings").into_response())
}

impl SettingsPage {
    async fn read(state: &State, signed_in: &SignedIn, theme: Theme, zone: String) -> Result<Self, Failure> {
        let living = sessions::of_person(&state.store, signed_in.visitor.person.id, state.site.sessions).await?;
        let usual = state.site.zone.iana_name().unwrap_or("UTC").to_owned();
        Ok(Self::new(signed_in, theme, zone, usual, &living))
    }

    fn new(signed_in: &SignedIn, theme: Theme, zone: String, usual_zone: String, living: &[Living]) -> Self {
        let choice = |each: Theme| {
            let word = match each {
                Theme::Auto => "As the browser says",
                Theme::Light => "Light",
                Theme::Dark => "Dark",
            };
            ThemeChoice { value: each.as_str(), word, chosen: each == theme }
        };
        let mut sessions: Vec<Session> = living.iter().map(|each| Session::of(each, signed_in.session)).collect();
        sessions.sort_by_key(|session| !session.this);
        let others = sessions.iter().filter(|session| !session.this).count();
        Self {
            layout: signed_in.layout(NavItem::Settings, "Settings"),
            saved: false,
            themes: Theme::ALL.map(choice),
            zone,
            zones: zone::offered(),
            usual_zone,
            zone_error: None,
            can_end_others: others > 0,
            others: words::sessions::others_ended(others),
            sessions,
        }
    }
}

impl Session {
    fn of(living: &Living, this: SessionId) -> Self {
        Self {
            id: living.id,
            browser: living.browser.clone().unwrap_or_else(|| words::sessions::UNKNOWN_BROWSER.to_owned()),
            begun: living.created_at,
            seen: living.seen_at,
            this: living.id == this,
        }
    }
}

/// `/settings` and what is below it.
pub fn routes() -> Routes {
    Routes::new()
        .get("/settings", page)
        .post("/settings", save)
        .form("/settings/sessions/end-others", "/settings", end_others)
        .form("/settings/sessions/{id}/end", "/settings", end)
}

#[cfg(test)]
impl SettingsPage {
    /// Three sessions; only this one; an unknown zone.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let ana = super::samples::signed_in("Ana Petrova");
        let living = |number: u128, browser: Option<&str>, begun: &str, seen: &str| Living {
            id: SessionId(uuid::Uuid::from_u128(number)),
            created_at: begun.parse().unwrap(),
            seen_at: seen.parse().unwrap(),
            browser: browser.map(str::to_owned),
        };
        let sessions = [
            living(3, Some("Safari on iPhone"), "2026-11-24T06:12:00Z", "2026-11-24T14:47:00Z"),
            living(1, Some("Firefox on Linux"), "2026-11-24T08:01:00Z", "2026-11-24T14:47:30Z"),
            living(4, None, "2026-11-23T22:40:00Z", "2026-11-24T03:10:00Z"),
        ];
        let page = |living: &[Living], zone: &str| {
            Self::new(&ana, Theme::Auto, zone.to_owned(), "Europe/Berlin".to_owned(), living)
        };
        let wrong = said(&NoZone::Unknown(vec!["Europe/Berlin".to_owned()]));
        vec![
            ("settings", page(&sessions, "Asia/Tokyo")),
            ("settings-alone", Self { saved: true, ..page(&sessions[1..2], "") }),
            ("settings-wrong", Self { zone_error: Some(wrong), ..page(&sessions, "Berlim") }),
        ]
    }
}
