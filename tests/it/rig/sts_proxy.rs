//! STS for those who ask it as the authenticator does: by a presigned GetCallerIdentity.
//!
//! moto takes a presigned GET for a call of S3 and answers in XML alone; the authenticator talks only
//! to `sts.*.amazonaws.com`, over TLS. So this stands between: as an HTTPS proxy that ends the TLS of
//! every CONNECT itself, and as a plain endpoint for `AWS_ENDPOINT_URL_STS`. It checks no signature.

use std::sync::Arc;

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

use super::certificates::Identity;

/// The longest head of a CONNECT that is read.
const HEAD_BYTES: usize = 8 * 1024;

/// The longest call that is passed on.
const BODY_BYTES: usize = 1024 * 1024;

/// The STS hosts that tokens name.
pub const HOSTS: [&str; 2] = ["sts.amazonaws.com", "sts.us-east-1.amazonaws.com"];

/// Serves for ever, asking `upstream` (moto) who a call came from.
pub async fn serve(listener: TcpListener, upstream: String, identity: &Identity) {
    let acceptor = acceptor(identity);
    let router =
        Router::new().fallback(forward).with_state(Upstream { address: upstream, client: reqwest::Client::new() });
    loop {
        let (stream, _) = listener.accept().await.expect("a listener accepts");
        tokio::spawn(converse(stream, acceptor.clone(), router.clone()));
    }
}

fn acceptor(identity: &Identity) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).expect("a certificate is PEM");
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("a key is PEM");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("aws-lc speaks TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the certificate is the key's");
    TlsAcceptor::from(Arc::new(config))
}

/// One connection: a tunnel if it starts with CONNECT, plain HTTP if not.
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
    // A client that goes away in the middle is its own business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

#[derive(Clone)]
struct Upstream {
    address: String,
    client: reqwest::Client,
}

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    let wants_json = accepts_json(request.headers());
    let asked = match presigned_credential(request.uri().query().unwrap_or_default()) {
        Some(credential) => Ok(upstream.who_is(&credential)),
        None => upstream.same(request).await,
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
    /// The call that a presigned one stands for, as moto takes it.
    fn who_is(&self, credential: &str) -> reqwest::RequestBuilder {
        self.client
            .post(&self.address)
            .header(header::AUTHORIZATION, super::aws::unsigned(credential))
            .form(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")])
    }

    /// The same call, but for what belongs to the connection.
    async fn same(&self, request: Request) -> Result<reqwest::RequestBuilder, StatusCode> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let mut headers = parts.headers;
        for own in [header::HOST, header::CONNECTION, header::ACCEPT_ENCODING, header::CONTENT_LENGTH] {
            headers.remove(own);
        }
        let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        let address = format!("{}{path}", self.address);
        Ok(self.client.request(parts.method, address).headers(headers).body(body))
    }
}

async fn relay(reply: reqwest::Response, wants_json: bool) -> Response {
    let status = reply.status();
    let kind = reply.headers().get(header::CONTENT_TYPE).cloned();
    let text = reply.text().await.unwrap_or_default();
    if status == StatusCode::OK && wants_json {
        let field = |name| super::aws::element(&text, name).unwrap_or_default();
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

/// The credential of a presigned call, or nothing if it is signed otherwise.
fn presigned_credential(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("X-Amz-Credential"))
        .map(|(_, value)| value.into_owned())
}
