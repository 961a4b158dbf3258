//! The HTTP client for what sign-in asks of others: no redirects (they would lead a request, with what it carries,
//! to where nobody checked), ten seconds at most, answers of one MiB at most.

use crate::proxy::Proxies;
use rustls::pki_types::CertificateDer;
use std::{sync::Arc, time::Duration};

/// As long as an answer of an identity provider or of STS may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// No discovery document, key set or token answer comes near.
const LONGEST_ANSWER_BYTES: usize = 1 << 20;

/// Why an outbound request failed. Carries no URL: those of proofs are secrets.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("no answer in time, or no connection")]
    Unreachable(#[source] reqwest::Error),
    #[error("the answer has more than {LONGEST_ANSWER_BYTES} bytes")]
    TooLarge,
    #[error("the request could not be made")]
    Malformed(#[source] http::Error),
}

/// Whom a client trusts to be who they say.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// The machine's certificate store, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    #[default]
    System,
    /// The public authorities that Mozilla knows, whatever the machine says.
    Public,
    /// These alone.
    Only(Vec<CertificateDer<'static>>),
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
}

/// The client, through these proxies.
///
/// # Errors
/// Where TLS cannot be set up, such as without any certificate in the machine's store.
pub fn client(proxies: &Proxies, trust: &Trust) -> Result<reqwest::Client, NoClient> {
    let proxies = proxies.clone();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        // Variables that we do not read have no say.
        .no_proxy()
        .proxy(reqwest::Proxy::custom(move |url| proxies.to(url).cloned()))
        .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")));
    let mut roots = rustls::RootCertStore::empty();
    match trust {
        Trust::System => return Ok(builder.build()?),
        Trust::Public => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Trust::Only(authorities) => {
            for authority in authorities {
                roots.add(authority.clone())?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(tls).build()?)
}

/// Sends a request and reads the whole answer, within the limits.
///
/// # Errors
/// `Unreachable`, `TooLarge`, `Malformed`.
pub async fn send(
    client: &reqwest::Client,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, OutboundError> {
    let request = reqwest::Request::try_from(request).map_err(|e| OutboundError::Unreachable(e.without_url()))?;
    let mut answer = client.execute(request).await.map_err(|e| OutboundError::Unreachable(e.without_url()))?;
    let mut builder = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        builder = builder.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| OutboundError::Unreachable(e.without_url()))? {
        if body.len() + chunk.len() > LONGEST_ANSWER_BYTES {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    builder.body(body).map_err(OutboundError::Malformed)
}

/// Asks for an address, within the limits.
///
/// # Errors
/// `Unreachable`, `TooLarge`, `Malformed`.
pub async fn get(client: &reqwest::Client, address: &str) -> Result<http::Response<Vec<u8>>, OutboundError> {
    let request = http::Request::get(address).body(Vec::new()).map_err(OutboundError::Malformed)?;
    send(client, request).await
}

/// [`send`] as the OAuth library calls it. The future owns its client and is boxed: borrowed, the compiler cannot
/// see that a handler which awaits it may move between threads.
pub fn sender(client: &reqwest::Client) -> impl Fn(http::Request<Vec<u8>>) -> Sending + Send + Sync + 'static {
    let client = client.clone();
    move |request| {
        let client = client.clone();
        Box::pin(async move { send(&client, request).await })
    }
}

/// An outbound request under way.
pub type Sending = std::pin::Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, OutboundError>> + Send>>;
