//! STS for clients that ask it as the authenticator does: by a presigned GetCallerIdentity.
//!
//! The authenticator talks only to `sts.*.amazonaws.com`, over TLS, so this stands between: as an HTTPS proxy that ends
//! the TLS of every CONNECT itself, and as a plain endpoint for `AWS_ENDPOINT_URL_STS`. It does not check signatures;
//! the simulator does, moto does not.

use std::sync::Arc;

use anyhow::Context as _;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::certificates::Identity;

/// The longest head of a CONNECT that is read.
const HEAD_BYTES: usize = 8 * 1024;

/// The longest call that is passed on.
const BODY_BYTES: usize = 1024 * 1024;

/// The STS hosts that tokens of a region name.
pub fn hosts(region: &str) -> [String; 2] {
    ["sts.amazonaws.com".to_owned(), format!("sts.{region}.amazonaws.com")]
}

/// The server that really answers.
#[derive(Debug, Clone)]
pub enum Answering {
    /// moto at this address. It treats a presigned GET as a call to S3 and answers only in XML, so both are translated.
    Moto(String),
    /// The simulator at this address: every call is passed on unchanged, since the simulator checks the signature.
    Simulator(String),
}

/// Serves without end, asking `answering` for the identity behind each call.
///
/// # Errors
/// The certificate does not belong to the key, or the socket fails.
pub async fn serve(listener: TcpListener, answering: Answering, identity: &Identity) -> anyhow::Result<()> {
    let acceptor = acceptor(identity)?;
    let router = Router::new().fallback(forward).with_state(Upstream { answering, client: reqwest::Client::new() });
    loop {
        let (stream, _) = listener.accept().await.context("STS takes no more calls")?;
        tokio::spawn(converse(stream, acceptor.clone(), router.clone()));
    }
}

fn acceptor(identity: &Identity) -> anyhow::Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).context("no certificate")?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).context("no key")?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("failed to choose TLS versions")?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .context("the certificate is not the key's")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Handles one connection: a tunnel if it starts with CONNECT, otherwise plain HTTP.
async fn converse(mut stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    let mut first = [0; 1];
    match stream.peek(&mut first).await {
        // No other method begins with this letter.
        Ok(1) if first[0] == b'C' => {}
        Ok(1) => return answer(stream, router).await,
        _ => return,
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) if head.len() < HEAD_BYTES => head.push(byte),
            _ => return,
        }
    }
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok()
        && let Ok(tls) = acceptor.accept(stream).await
    {
        answer(tls, router).await;
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let service = TowerToHyperService::new(router);
    // A client that disconnects early is not an error of the proxy.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

#[derive(Clone)]
struct Upstream {
    answering: Answering,
    client: reqwest::Client,
}

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    let credential = presigned_credential(request.uri().query().unwrap_or_default());
    let (asked, wants_json) = match (&upstream.answering, credential) {
        (Answering::Moto(address), Some(credential)) => {
            (Ok(upstream.who_is(address, &credential)), accepts_json(request.headers()))
        }
        (Answering::Moto(address), None) => {
            let wants_json = accepts_json(request.headers());
            (upstream.same(address, request, &[header::HOST]).await, wants_json)
        }
        // The signature covers the host.
        (Answering::Simulator(address), _) => (upstream.same(address, request, &[]).await, false),
    };
    match asked {
        Ok(asked) => match asked.send().await {
            Ok(reply) => relay(reply, wants_json).await,
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        },
        Err(refused) => refused.into_response(),
    }
}

impl Upstream {
    /// The call that a presigned one stands for, in the form that moto accepts.
    fn who_is(&self, address: &str, credential: &str) -> reqwest::RequestBuilder {
        self.client
            .post(address)
            .header(header::AUTHORIZATION, unsigned(credential))
            .form(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")])
    }

    /// The same call, without the headers that belong to the connection and without the headers of `without`.
    async fn same(
        &self,
        address: &str,
        request: Request,
        without: &[header::HeaderName],
    ) -> Result<reqwest::RequestBuilder, StatusCode> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let mut headers = parts.headers;
        for own in [header::CONNECTION, header::ACCEPT_ENCODING, header::CONTENT_LENGTH].iter().chain(without) {
            headers.remove(own);
        }
        let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        let address = format!("{}{path}", address.trim_end_matches('/'));
        Ok(self.client.request(parts.method, address).headers(headers).body(body))
    }
}

async fn relay(reply: reqwest::Response, wants_json: bool) -> Response {
    let status = reply.status();
    let kind = reply.headers().get(header::CONTENT_TYPE).cloned();
    let text = reply.text().await.unwrap_or_default();
    if status == StatusCode::OK && wants_json {
        let field = |name| element(&text, name).unwrap_or_default();
        let result = serde_json::json!({ "Arn": field("Arn"), "UserId": field("UserId"), "Account": field("Account") });
        let whole = serde_json::json!({ "GetCallerIdentityResponse": { "GetCallerIdentityResult": result } });
        return Json(whole).into_response();
    }
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn accepts_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("application/json"))
}

/// The credential of a presigned call; `None` if the call is signed in another way.
fn presigned_credential(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("X-Amz-Credential"))
        .map(|(_, value)| value.into_owned())
}

/// A header that names the credential, for moto, which checks no signature.
pub fn unsigned(credential: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0")
}

/// The text of the first element of that name.
pub fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0.to_owned())
}
