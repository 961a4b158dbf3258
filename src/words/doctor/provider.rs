//! Findings about the identity provider.

use super::CheckWords;

pub fn down(issuer: &str, error: &str) -> CheckWords {
    CheckWords::new(
        format!("the discovery document of {issuer} does not come: {error}"),
        "People cannot sign in. Sessions that exist, grants and revocations go on.",
        "Check the network, the proxy (HTTPS_PROXY, NO_PROXY), the provider's certificate (SSL_CERT_FILE names \
         authorities of your own) and `login.issuer`.",
    )
}

pub fn other_issuer(configured: &str, told: &str, next: &str) -> CheckWords {
    CheckWords::new(
        format!("the provider calls itself `{told}`, and `login.issuer` is `{configured}`"),
        "Tokens name their issuer letter for letter, a slash at the end included; none would be accepted.",
        next,
    )
}

pub fn lacks(what: &str) -> CheckWords {
    CheckWords::new(
        format!("the provider does not offer {what}"),
        "Latchkey signs people in by the code flow with PKCE (S256) alone.",
        "Change the client or the provider.",
    )
}

pub fn plain(what: &str, address: &str) -> CheckWords {
    CheckWords::new(
        format!("{what} is not https: {address}"),
        "Codes and tokens would be readable on the way.",
        "Let the provider tell https addresses.",
    )
}

pub fn no_keys(error: &str) -> CheckWords {
    CheckWords::new(
        format!("the provider's keys do not come: {error}"),
        "No token can be verified, so people cannot sign in.",
        "Look at the provider's `jwks_uri`: it has to answer all clients, without a sign-in (some providers ask for a \
         token until one chooses that keys are public). Look whether the client has a signing key there: without one \
         some providers sign with the client's secret, which is never taken.",
    )
}

pub fn redirect_refused(redirect: &str, client: &str, status: u16) -> CheckWords {
    CheckWords::new(
        format!("the provider refuses (it answers {status}) the client `{client}` coming back to {redirect}"),
        "Every sign-in ends on the provider's error page.",
        format!(
            "Register {redirect} with that client at the provider, exactly so; or correct `login.client_id` or \
             `server.public_url`."
        ),
    )
}

pub fn redirect_error(error: &str) -> CheckWords {
    CheckWords::new(
        format!("the provider knows the client and the address, and refuses: {error}"),
        "People would come back with this error instead of a sign-in.",
        "Allow the client the code flow and every scope of `login.scopes`.",
    )
}

pub fn skewed(seconds: i64) -> CheckWords {
    CheckWords::new(
        format!(
            "this machine's clock is {} s {} the provider's",
            seconds.abs(),
            if seconds > 0 { "ahead of" } else { "behind" }
        ),
        "Tokens that are not valid yet, or no longer, are refused.",
        "Let NTP set the clock.",
    )
}
