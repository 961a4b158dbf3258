//! Deviations of providers from the standard, or from most other providers: switches for tests.

use serde_json::{Map, Value, json};

/// One deviation. A null value removes the field that it names.
#[derive(Debug, Clone, PartialEq)]
pub enum Quirk {
    /// In the discovery document.
    Discovery(&'static str, Value),
    /// In the answer of the token endpoint.
    TokenAnswer(&'static str, Value),
    /// In the header of ID tokens.
    Header(&'static str, Value),
    /// A claim of ID tokens.
    IdToken(&'static str, Value),
    /// Additional text before the last brace of an ID token's claims, such as a duplicate claim.
    IdTokenText(&'static str),
    /// ID tokens contain nothing about a person except the subject, as in the standard if there is an access token.
    Thin,
    /// A claim of userinfo.
    Userinfo(&'static str, Value),
    /// Userinfo answers with this status, without a body.
    UserinfoStatus(u16),
    /// Userinfo refuses with this status, error and description.
    UserinfoRefusal(u16, &'static str, &'static str),
    /// Userinfo sends its JSON with this media type.
    UserinfoType(&'static str),
    /// Userinfo is a signed token, with these claims about the token itself.
    SignedUserinfo(Value),
    /// The token endpoint sends its JSON with this media type.
    TokenAnswerType(&'static str),
    /// The token endpoint accepts secrets only in the form (`client_secret_post`).
    SecretInForm,
    /// The token endpoint takes secrets in the header without decoding them.
    SecretAsItComes,
    /// The key set and the tokens have no key ids.
    NamelessKeys,
    /// The key set is empty, as authentik's is if it was given no key.
    NoKeys,
    /// The key set also has keys of other kinds: for encryption, of a curve of its own, a shared secret, and an entry
    /// that is not a key.
    OddKeys,
}

/// The claims that describe a person; [`Quirk::Thin`] removes them.
pub(super) const PERSONAL: [&str; 6] =
    ["name", "preferred_username", "email", "email_verified", "groups", "resource_access"];

/// Auth0: the time of a person's last change is a text.
pub fn auth0() -> Vec<Quirk> {
    vec![Quirk::IdToken("updated_at", json!("2026-01-02T03:04:05.678Z"))]
}

/// Amazon Cognito: whether an address is verified is a text, in userinfo, too, and groups have a name of their own.
pub fn cognito() -> Vec<Quirk> {
    let verified = |of: fn(&'static str, Value) -> Quirk| of("email_verified", json!("true"));
    vec![verified(Quirk::IdToken), verified(Quirk::Userinfo), Quirk::IdToken("identities", json!([{ "userId": 1 }]))]
}

/// Azure AD before its version 2: numbers are texts.
pub fn azure_v1() -> Vec<Quirk> {
    vec![
        Quirk::TokenAnswer("expires_in", json!("3599")),
        Quirk::TokenAnswer("ext_expires_in", json!("3599")),
        Quirk::TokenAnswer("not_before", json!("1767322800")),
        Quirk::TokenAnswer("token_type", json!("bearer")),
        Quirk::IdToken("amr", json!("pwd")),
        Quirk::IdToken("auth_time", json!("1767322800")),
        Quirk::IdToken("ver", json!(1.0)),
    ]
}

/// Entra, if a person is in more groups than fit into a token.
pub fn entra_overage() -> Vec<Quirk> {
    vec![
        Quirk::IdToken("groups", Value::Null),
        Quirk::IdToken("_claim_names", json!({ "groups": "src1" })),
        Quirk::IdToken("_claim_sources", json!({ "src1": { "endpoint": "https://graph.windows.net/x" } })),
    ]
}

/// Okta's org server, Authelia, oidc-provider with its defaults: all claims about a person are in userinfo.
pub fn thin() -> Vec<Quirk> {
    vec![Quirk::Thin]
}

/// ZITADEL: the project is an additional audience, and roles are an object whose keys are their names.
pub fn zitadel(client: &str) -> Vec<Quirk> {
    let roles = json!({ "developers": { "3159": "example.zitadel.cloud" } });
    vec![
        Quirk::IdToken("aud", json!([client, "3159"])),
        Quirk::IdToken("azp", json!(client)),
        Quirk::IdToken("urn:zitadel:iam:org:project:roles", roles),
    ]
}

/// Keycloak: the roles of clients are below the client's name.
pub fn keycloak(client: &str) -> Vec<Quirk> {
    let access = json!({ client: { "roles": ["developers"] }, "account": { "roles": ["manage-account"] } });
    vec![Quirk::IdToken("groups", Value::Null), Quirk::IdToken("resource_access", access)]
}

/// An object with its members changed by the quirks of one place.
pub(super) fn changed(value: Value, changes: impl Iterator<Item = (&'static str, Value)>) -> Value {
    let Value::Object(mut members) = value else { return value };
    for (name, value) in changes {
        set(&mut members, name, value);
    }
    Value::Object(members)
}

fn set(members: &mut Map<String, Value>, name: &str, value: Value) {
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}
