//! The identity provider: its discovery document, its keys, and whether it redirects people back to the portal.

use super::{Desk, ahead_of, report::CheckResult, way, within};
use crate::{
    cli::serve::open_id,
    login::{
        openid::discovery::{self, Discovery},
        outbound::{self, Trust},
    },
    words::doctor::provider as words,
};
use http::header;
use jiff::Timestamp;
use std::error::Error;
use url::Url;

/// The clock skew in seconds from which tokens look too young or too old.
const FAR: i64 = 60;
/// A well-formed PKCE challenge without a verifier: the sign-in that it would belong to is never completed.
const CHALLENGE: &str = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

/// An answer: its status, its headers and its body.
type ProviderAnswer = http::Response<Vec<u8>>;

pub async fn look(desk: &Desk<'_>) -> Vec<CheckResult> {
    let mut findings = way::to_provider(desk);
    findings.extend(within(desk.limit, "identity_provider.discovery", ask(desk)).await);
    findings
}

async fn ask(desk: &Desk<'_>) -> Vec<CheckResult> {
    const CHECK: &str = "identity_provider.discovery";
    let issuer = desk.settings.login.issuer.as_str();
    let down = |error: &dyn Error| vec![CheckResult::failed(CHECK, words::down(issuer, &chain(error)))];
    let client = match outbound::client(&desk.settings.proxies, &Trust::System) {
        Ok(client) => client,
        Err(error) => return down(&error),
    };
    let answer = match discovery::ask(&client, issuer).await {
        Ok(answer) => answer,
        Err(error) => return down(&error),
    };
    let discovery = match Discovery::read(answer.body()) {
        Ok(discovery) => discovery,
        Err(error) => return down(&error),
    };
    let mut findings = vec![match discovery.is_of(issuer) {
        Ok(()) => CheckResult::ok(CHECK, format!("{issuer} answers and calls itself so")),
        Err(other) => CheckResult::failed(CHECK, words::other_issuer(issuer, &other.told, &other.next())),
    }];
    findings.extend(offers(&discovery, desk.settings.login.client_secret.is_some()));
    let plain = discovery.plain(issuer).into_iter();
    findings.extend(
        plain.map(|(what, _, url)| CheckResult::failed("identity_provider.tls", words::plain(what, url.as_str()))),
    );
    findings.push(keys(&client, &discovery).await);
    findings.push(redirect(desk, &client, &discovery).await);
    findings.extend(clock(&answer));
    findings
}

/// Whether the provider says that it offers what is needed. One that does not say may offer it all the same.
fn offers(discovery: &Discovery, secret: bool) -> Vec<CheckResult> {
    const CHECK: &str = "identity_provider.flow";
    let lacks = |told: &Option<Vec<String>>, any_of: &[&str]| {
        told.as_ref().is_some_and(|all| !all.iter().any(|one| any_of.contains(&one.as_str())))
    };
    let mut findings = Vec::new();
    if lacks(&discovery.response_types, &["code"]) {
        findings.push(CheckResult::failed(CHECK, words::lacks("the code flow (response type `code`)")));
    }
    if lacks(&discovery.challenge_methods, &["S256"]) {
        findings.push(CheckResult::failed(CHECK, words::lacks("PKCE with S256")));
    }
    if secret && lacks(&discovery.token_auth, &["client_secret_basic", "client_secret_post"]) {
        let what = "a secret of the client's at its token endpoint (`client_secret_basic`, `client_secret_post`)";
        findings.push(CheckResult::failed(CHECK, words::lacks(what)));
    }
    if let Err(why) = discovery.userinfo_endpoint {
        findings.push(CheckResult::ok(CHECK, format!("{why}: ID tokens must say groups and handle themselves")));
    }
    findings
}

async fn keys(client: &reqwest::Client, discovery: &Discovery) -> CheckResult {
    const CHECK: &str = "identity_provider.keys";
    let keys = match discovery::keys(client, &discovery.jwks_uri).await {
        Ok(keys) => keys,
        Err(error) => return CheckResult::failed(CHECK, words::no_keys(&chain(&error))),
    };
    let others = if keys.unusable().is_empty() {
        String::new()
    } else {
        format!("; of the others {}", keys.unusable().iter().take(5).cloned().collect::<Vec<_>>().join(", "))
    };
    match keys.usable() {
        0 => {
            CheckResult::failed(CHECK, words::no_keys(&format!("the set has none to verify a signature with{others}")))
        }
        count => CheckResult::ok(CHECK, format!("its keys come: {count} to verify signatures with{others}")),
    }
}

/// Begins a sign-in that may not ask the person anything (`prompt=none`). A provider that knows the client and the
/// address redirects back with an error, and begins nothing.
async fn redirect(desk: &Desk<'_>, client: &reqwest::Client, discovery: &Discovery) -> CheckResult {
    const CHECK: &str = "identity_provider.redirect";
    let config = open_id(desk.settings);
    let redirect = config.redirect_url.as_str();
    let scopes =
        std::iter::once("openid").chain(config.scopes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    let mut address = discovery.authorization_endpoint.clone();
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &config.client_id)
        .append_pair("redirect_uri", redirect)
        .append_pair("scope", &scopes)
        .append_pair("prompt", "none")
        .append_pair("state", "latchkey-doctor")
        .append_pair("nonce", "latchkey-doctor")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256");
    let answer = match outbound::get(client, address.as_str()).await {
        Ok(answer) => answer,
        Err(error) => return CheckResult::failed(CHECK, words::down("its sign-in page", &chain(&error))),
    };
    let back = answer.headers().get(header::LOCATION).and_then(|value| Url::parse(value.to_str().ok()?).ok());
    let back = back.filter(|url| url.as_str().starts_with(redirect));
    let error = back.and_then(|url| url.query_pairs().find(|(key, _)| key == "error").map(|(_, it)| it.into_owned()));
    match error.as_deref() {
        Some("login_required" | "interaction_required" | "consent_required" | "account_selection_required") => {
            CheckResult::ok(
                CHECK,
                format!("it knows the client `{}` and sends people back to {redirect}", config.client_id),
            )
        }
        Some(error) => CheckResult::failed(CHECK, words::redirect_error(error)),
        // A bot challenge, a rate limit, or a page that accepts another method says nothing about people's browsers.
        None if answer.status().is_client_error() && ![403, 405, 429].contains(&answer.status().as_u16()) => {
            CheckResult::failed(CHECK, words::redirect_refused(redirect, &config.client_id, answer.status().as_u16()))
        }
        None => {
            let what = format!(
                "whether it sends people back to {redirect}: it answers {} instead of saying so",
                answer.status().as_u16()
            );
            CheckResult::not_checked(CHECK, what)
        }
    }
}

fn clock(answer: &ProviderAnswer) -> Option<CheckResult> {
    let date = answer.headers().get(header::DATE)?.to_str().ok()?;
    let told: Timestamp = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let seconds = ahead_of(told);
    (seconds.abs() > FAR).then(|| CheckResult::warning("identity_provider.clock", words::skewed(seconds)))
}

/// The error with its deepest cause, which is the most useful to a person.
fn chain(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let (first, last) = (error.to_string(), deepest.to_string());
    if first == last { first } else { format!("{first} ({last})") }
}
