//! The provider's discovery document and key set. The portal and `doctor` fetch and read them with the same code.
//!
//! The members that Latchkey uses must be right. Every other member may be missing, empty or malformed.

use super::{
    super::outbound::{self, OutboundError},
    keys::{KeySet, NoKeySet, cut},
    told::{NoObject, ToldObject},
};
use http::{Response, header};
use url::Url;

/// How the client sends its secret when it exchanges a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_secret_basic`: in a header.
    Basic,
    /// `client_secret_post`: in the form.
    Form,
}

/// The members of a discovery document that Latchkey uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The issuer that the document names.
    pub issuer: String,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    /// The userinfo endpoint, or why there is no usable one.
    pub userinfo_endpoint: Result<Url, &'static str>,
    /// `None` if the document does not say; the same for the next two.
    pub token_auth: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
    pub challenge_methods: Option<Vec<String>>,
}

/// Why there is no usable discovery document.
#[derive(Debug, thiserror::Error)]
pub enum Undiscovered {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("it answers {0}")]
    Status(u16),
    #[error("it answers {status} and leads to {to}: redirects are not followed")]
    Redirect { status: u16, to: String },
    #[error("what comes is not a discovery document: {0}")]
    NoObject(#[from] NoObject),
    #[error("what comes is not a discovery document: it has no `{0}`")]
    Lacks(&'static str),
    #[error("its `{member}` is not an address: {told:?}")]
    NoAddress { member: &'static str, told: String },
    #[error(transparent)]
    OtherIssuer(#[from] OtherIssuer),
    #[error("its `{member}` is not https: {address}")]
    Plain { member: &'static str, address: Url },
}

/// The document names another issuer than the configured one: no token would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider calls itself {told:?}, and [login] issuer is {configured:?}. {}", self.next())]
pub struct OtherIssuer {
    pub told: String,
    pub configured: String,
}

impl OtherIssuer {
    /// What to configure instead.
    pub fn next(&self) -> String {
        if self.told.contains('{') {
            // Entra's addresses for several tenants (`common`, `organizations`) have no single issuer.
            return "Set `login.issuer` to the address of one tenant: its id stands where the braces are.".to_owned();
        }
        if self.is_of_b2c() {
            return "This is Azure AD B2C, which describes itself elsewhere than its issuer says, so neither leads to the \
                    other, and Latchkey does not support it so. In the user flow's properties, below token compatibility, \
                    choose the issuer claim with `/tfp/`, and set `login.issuer` to the `issuer` that its discovery \
                    document names then, letter for letter."
                .to_owned();
        }
        if web(&self.told).is_none() {
            return "That is not an address, and Latchkey looks for the discovery document below the issuer, so it does \
                    not support this provider: it must call itself by its address."
                .to_owned();
        }
        if web(&self.told).and_then(|told| told.host_str().map(str::to_owned))
            != web(&self.configured).and_then(|configured| configured.host_str().map(str::to_owned))
        {
            return format!(
                "If `{}` has the same discovery document, set `login.issuer` to it. Otherwise the provider has to call \
                 itself by the address at which people find it: that is a setting there (Oracle: *Issuer*).",
                self.told
            );
        }
        format!("Set `login.issuer = \"{}\"`, if that is the provider that you mean.", self.told)
    }

    /// Whether the provider is Azure AD B2C with its default issuer: that of the tenant, while each policy has a
    /// discovery document of its own. Recognised by B2C's hosts, or by the name of a policy, which begins with `B2C_1`.
    fn is_of_b2c(&self) -> bool {
        let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
        let is_its_host = host(&self.told).is_some_and(|host| host.ends_with(".b2clogin.com"));
        let names_policy = self.configured.to_ascii_lowercase().contains("/b2c_1");
        (is_its_host || names_policy) && !self.told.contains("/tfp/")
    }
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("it answers {0}")]
    Status(u16),
    #[error("what comes is not a key set: {0}")]
    NoKeySet(#[from] NoKeySet),
}

/// The address of an issuer's discovery document.
pub fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Fetches the discovery document. The response has a success status; its headers allow a caller to compare clocks.
///
/// # Errors
/// `Outbound`, `Status`, `Redirect`.
pub async fn ask(http: &reqwest::Client, issuer: &str) -> Result<Response<Vec<u8>>, Undiscovered> {
    let answer = outbound::get(http, &address(issuer)).await?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    Err(match to {
        Some(to) if answer.status().is_redirection() => Undiscovered::Redirect { status, to: cut(to) },
        Some(_) | None => Undiscovered::Status(status),
    })
}

/// Fetches the key set.
///
/// # Errors
/// `NoKeys`.
pub async fn keys(http: &reqwest::Client, address: &Url) -> Result<KeySet, NoKeys> {
    let answer = outbound::get(http, address.as_str()).await?;
    if !answer.status().is_success() {
        return Err(NoKeys::Status(answer.status().as_u16()));
    }
    Ok(KeySet::read(answer.body())?)
}

impl Discovery {
    /// Reads the document. Its issuer is not compared.
    ///
    /// # Errors
    /// `NoObject`, `Lacks`, `NoAddress`.
    pub fn read(body: &[u8]) -> Result<Self, Undiscovered> {
        let told = ToldObject::read(body)?;
        let texts = |member: &str| told.texts(member).map(|all| all.into_iter().map(str::to_owned).collect());
        let userinfo_endpoint = match told.text("userinfo_endpoint").map(str::trim) {
            None | Some("") => Err("the provider names no userinfo endpoint"),
            Some(text) => web(text).ok_or("what the provider names as its userinfo endpoint is not an address"),
        };
        Ok(Self {
            issuer: told.text("issuer").ok_or(Undiscovered::Lacks("issuer"))?.to_owned(),
            authorization_endpoint: demanded(&told, "authorization_endpoint")?,
            token_endpoint: demanded(&told, "token_endpoint")?,
            jwks_uri: demanded(&told, "jwks_uri")?,
            userinfo_endpoint,
            token_auth: texts("token_endpoint_auth_methods_supported"),
            response_types: texts("response_types_supported"),
            challenge_methods: texts("code_challenge_methods_supported"),
        })
    }

    /// Compares the document's issuer with the configured one.
    ///
    /// # Errors
    /// If they differ, even by a slash at the end.
    pub fn is_of(&self, configured: &str) -> Result<(), OtherIssuer> {
        if self.issuer == configured {
            return Ok(());
        }
        Err(OtherIssuer { told: cut(&self.issuer), configured: configured.to_owned() })
    }

    /// The addresses that are used and are not https although the issuer is: what each is to people, its member in the
    /// document, the address.
    pub fn plain(&self, issuer: &str) -> Vec<(&'static str, &'static str, &Url)> {
        if !issuer.starts_with("https:") {
            return vec![];
        }
        let all = [
            ("its sign-in page", "authorization_endpoint", Some(&self.authorization_endpoint)),
            ("its token endpoint", "token_endpoint", Some(&self.token_endpoint)),
            ("its key set", "jwks_uri", Some(&self.jwks_uri)),
            ("its userinfo endpoint", "userinfo_endpoint", self.userinfo_endpoint.as_ref().ok()),
        ];
        let named = all.into_iter().filter_map(|(what, member, url)| Some((what, member, url?)));
        named.filter(|(_, _, url)| url.scheme() != "https").collect()
    }

    /// How to send the secret: in a header, unless the provider accepts only the form. It is also sent in the form if
    /// the provider accepts both and encoding for the header (RFC 6749, 2.3.1) would change the id or the secret, since
    /// not all providers decode them.
    pub fn client_auth(&self, id: &str, secret: &str) -> ClientAuth {
        let takes = |method: &str| self.token_auth.as_ref().is_some_and(|all| all.iter().any(|one| one == method));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '*');
        let basic = takes("client_secret_basic") || !takes("client_secret_post");
        if basic && (id.chars().chain(secret.chars()).all(plain) || !takes("client_secret_post")) {
            return ClientAuth::Basic;
        }
        ClientAuth::Form
    }
}

fn demanded(told: &ToldObject, member: &'static str) -> Result<Url, Undiscovered> {
    let text = told.text(member).map(str::trim).filter(|text| !text.is_empty()).ok_or(Undiscovered::Lacks(member))?;
    web(text).ok_or_else(|| Undiscovered::NoAddress { member, told: cut(text) })
}

fn web(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

#[cfg(test)]
mod tests;
