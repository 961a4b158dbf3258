//! The HTTP client for requests that sign-in makes. It follows no redirects (they would send a request, with its
//! secrets, to an unchecked address), waits ten seconds at most, and reads one MiB at most.

use crate::proxy::Proxies;
use rustls::pki_types::CertificateDer;
use std::{sync::Arc, time::Duration};

/// How long an answer of an identity provider or of STS may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Far above the size of a discovery document, key set or token answer.
const LONGEST_ANSWER_BYTES: usize = 1 << 20;

/// Why an outbound request failed. It contains no URL, since the URL of a proof is a secret.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("no answer in time, or no connection")]
    Unreachable(#[source] reqwest::Error),
    #[error("the answer has more than {LONGEST_ANSWER_BYTES} bytes")]
    TooLarge,
    #[error("the request could not be made")]
    Malformed(#[source] http::Error),
}

/// Which certificate authorities a client trusts.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// The machine's certificate store, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    #[default]
    System,
    /// The public authorities in Mozilla's list, independent of the machine.
    Public,
    /// Only these.
    Only(Vec<CertificateDer<'static>>),
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
}

/// Makes a client that uses these proxies.
///
/// # Errors
/// If TLS cannot be set up, for example without any certificate in the machine's store.
pub fn client(proxies: &Proxies, trust: &Trust) -> Result<reqwest::Client, NoClient> {
    let proxies = proxies.clone();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        // The environment variables that `Proxies` does not read must have no effect.
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

/// Gets an address, within the limits.
///
/// # Errors
/// `Unreachable`, `TooLarge`, `Malformed`.
pub async fn get(client: &reqwest::Client, address: &str) -> Result<http::Response<Vec<u8>>, OutboundError> {
    let request = http::Request::get(address).body(Vec::new()).map_err(OutboundError::Malformed)?;
    send(client, request).await
}

/// [`send`] for the OAuth library. The future owns its client and is boxed: if it borrowed the client, the compiler
/// could not see that a handler which awaits it may move between threads.
pub fn sender(client: &reqwest::Client) -> impl Fn(http::Request<Vec<u8>>) -> Sending + Send + Sync + 'static {
    let client = client.clone();
    move |request| {
        let client = client.clone();
        Box::pin(async move { send(&client, request).await })
    }
}

/// An outbound request in progress.
pub type Sending = std::pin::Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, OutboundError>> + Send>>;
