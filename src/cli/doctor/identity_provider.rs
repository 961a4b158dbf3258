//! The identity provider: its discovery document, its keys, and whether it lets people come back to the portal.

use super::{Desk, ahead_of, report::Finding, within};
use crate::{cli::serve::open_id, login::outbound, words::doctor::provider as words};
use http::header;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::error::Error;
use url::Url;

/// Past this many seconds tokens begin to look too young or too old.
const FAR: i64 = 60;
/// Of the right form, and nobody's: the sign-in that it would belong to never comes about.
const CHALLENGE: &str = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

/// The discovery document, as far as it matters.
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Option<Url>,
    jwks_uri: Url,
    #[serde(default)]
    response_types_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
}

/// An answer: its status, its headers and its body.
type Answer = http::Response<Vec<u8>>;

pub async fn look(desk: &Desk<'_>) -> Vec<Finding> {
    within(desk.limit, "identity_provider.discovery", ask(desk)).await
}

async fn ask(desk: &Desk<'_>) -> Vec<Finding> {
    const CHECK: &str = "identity_provider.discovery";
    let issuer = desk.settings.login.issuer.as_str();
    let down = |error: &str| vec![Finding::failed(CHECK, words::down(issuer, error))];
    let client = match outbound::client() {
        Ok(client) => client,
        Err(error) => return down(&error.to_string()),
    };
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let answer = match get(&client, &address).await {
        Ok(answer) if answer.status().is_success() => answer,
        Ok(answer) => return down(&format!("it answers {}", answer.status())),
        Err(error) => return down(&error),
    };
    let discovery: Discovery = match serde_json::from_slice(answer.body()) {
        Ok(discovery) => discovery,
        Err(error) => return down(&format!("what comes is no discovery document: {error}")),
    };
    let mut findings = vec![if discovery.issuer == issuer {
        Finding::ok(CHECK, format!("{issuer} answers and calls itself so"))
    } else {
        Finding::failed(CHECK, words::other_issuer(issuer, &discovery.issuer))
    }];
    findings.extend(offers(&discovery));
    findings.extend(plain(&discovery, issuer));
    findings.push(keys(&client, &discovery).await);
    findings.push(redirect(desk, &client, &discovery).await);
    findings.extend(clock(&answer));
    findings
}

fn offers(discovery: &Discovery) -> Vec<Finding> {
    const CHECK: &str = "identity_provider.flow";
    let mut findings = Vec::new();
    if !discovery.response_types_supported.iter().any(|kind| kind == "code") {
        findings.push(Finding::failed(CHECK, words::lacks("the code flow (response type `code`)")));
    }
    // A provider that does not tell may know PKCE all the same.
    if discovery.code_challenge_methods_supported.as_ref().is_some_and(|all| !all.iter().any(|one| one == "S256")) {
        findings.push(Finding::failed(CHECK, words::lacks("PKCE with S256")));
    }
    if discovery.token_endpoint.is_none() {
        findings.push(Finding::failed(CHECK, words::lacks("a token endpoint")));
    }
    findings
}

/// Where the issuer is https, all of it has to be.
fn plain(discovery: &Discovery, issuer: &str) -> Vec<Finding> {
    if !issuer.starts_with("https:") {
        return vec![];
    }
    let token = discovery.token_endpoint.as_ref().map(|url| ("its token endpoint", url));
    let all = [("its sign-in page", &discovery.authorization_endpoint), ("its key set", &discovery.jwks_uri)];
    let plain = all.into_iter().chain(token).filter(|(_, url)| url.scheme() != "https");
    plain.map(|(what, url)| Finding::failed("identity_provider.tls", words::plain(what, url.as_str()))).collect()
}

async fn keys(client: &reqwest::Client, discovery: &Discovery) -> Finding {
    const CHECK: &str = "identity_provider.keys";
    let counted = match get(client, discovery.jwks_uri.as_str()).await {
        Ok(answer) if answer.status().is_success() => signing_keys(answer.body()),
        Ok(answer) => Err(format!("it answers {}", answer.status())),
        Err(error) => Err(error),
    };
    match counted {
        Ok(0) => Finding::failed(CHECK, words::no_keys("the set has none to verify a signature with")),
        Ok(count) => Finding::ok(CHECK, format!("its keys come: {count} to verify signatures with")),
        Err(error) => Finding::failed(CHECK, words::no_keys(&error)),
    }
}

fn signing_keys(body: &[u8]) -> Result<usize, String> {
    let set: Value = serde_json::from_slice(body).map_err(|error| format!("what comes is no key set: {error}"))?;
    let keys = set["keys"].as_array().ok_or("what comes is no key set")?;
    Ok(keys.iter().filter(|key| key["use"].is_null() || key["use"] == "sig").count())
}

/// Asks for a sign-in in which nobody may be asked anything (`prompt=none`): a provider that knows the client and the
/// address sends one back there with an error, and begins nothing.
async fn redirect(desk: &Desk<'_>, client: &reqwest::Client, discovery: &Discovery) -> Finding {
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
    let answer = match get(client, address.as_str()).await {
        Ok(answer) => answer,
        Err(error) => return Finding::failed(CHECK, words::down("its sign-in page", &error)),
    };
    let back = answer.headers().get(header::LOCATION).and_then(|value| Url::parse(value.to_str().ok()?).ok());
    let back = back.filter(|url| url.as_str().starts_with(redirect));
    let error = back.and_then(|url| url.query_pairs().find(|(key, _)| key == "error").map(|(_, it)| it.into_owned()));
    match error.as_deref() {
        Some("login_required" | "interaction_required" | "consent_required" | "account_selection_required") => {
            Finding::ok(
                CHECK,
                format!("it knows the client `{}` and sends people back to {redirect}", config.client_id),
            )
        }
        Some(error) => Finding::failed(CHECK, words::redirect_error(error)),
        None if answer.status().is_client_error() => {
            Finding::failed(CHECK, words::redirect_refused(redirect, &config.client_id, answer.status().as_u16()))
        }
        None => {
            let what = format!(
                "whether it sends people back to {redirect}: it answers {} instead of saying so",
                answer.status().as_u16()
            );
            Finding::not_checked(CHECK, what)
        }
    }
}

fn clock(answer: &Answer) -> Option<Finding> {
    let date = answer.headers().get(header::DATE)?.to_str().ok()?;
    let told: Timestamp = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let seconds = ahead_of(told);
    (seconds.abs() > FAR).then(|| Finding::warning("identity_provider.clock", words::skewed(seconds)))
}

async fn get(client: &reqwest::Client, address: &str) -> Result<Answer, String> {
    let request = http::Request::get(address).body(Vec::new()).map_err(|error| error.to_string())?;
    outbound::send(client, request).await.map_err(|error| chain(&error))
}

/// The error with the deepest of its causes, which says what a person can do something about.
fn chain(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let (first, last) = (error.to_string(), deepest.to_string());
    if first == last { first } else { format!("{first} ({last})") }
}
