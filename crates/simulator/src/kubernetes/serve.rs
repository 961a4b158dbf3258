//! From a connection to an answer: TLS, HTTP, and the stages that every request passes through.

use super::authn::{self, User};
use super::authz::{self, Attributes};
use super::discovery::{self, Page};
use super::knobs::{Failure, Logged};
use super::objects::{self, Call, Reply};
use super::request::{Request, Target};
use super::status::Refusal;
use super::store::Store;
use super::{Objects, Shared, Strange, lock, protobuf, reviews, table, token, watch};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha512};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Bodies past this many bytes are refused, as by the real server.
const BODY_LIMIT: usize = 3 << 20;
/// A handshake that takes longer is aborted.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts connections in an endless loop.
pub(super) async fn accept(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // The process is probably out of file descriptors: wait until some are closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let mut cut = shared.knobs.reachability();
            let mut stop = shared.stop.subscribe();
            tokio::select! {
                () = connection(stream, tls, Arc::clone(&shared)) => {}
                _ = cut.wait_for(|unreachable| *unreachable) => {}
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    // Answers are small and a client waits for each: the kernel must not buffer them.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await else { return };
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { respond(&shared, request).await }
    });
    if let Err(error) = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// The kinds of answer to a request.
enum Answer {
    Json(Reply),
    /// A document of aggregated discovery, whose media type names its format.
    Discovery(Value),
    Text(String),
    Watch(watch::Start),
}

/// An error here ends the connection without an answer.
async fn respond(shared: &Arc<Shared>, request: hyper::Request<Incoming>) -> io::Result<Response<Body>> {
    tokio::time::sleep(shared.knobs.latency()).await;
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), BODY_LIMIT).await;
    let too_large = body.is_err();
    let mut request = Request::parse(&parts.method, &parts.uri, parts.headers, body.unwrap_or_default());
    let mut logged = logged(&request);
    let now = Timestamp::now();
    let mut late = Duration::ZERO;
    let outcome = if too_large {
        Err(Stopped::Refused(Refusal::too_large(BODY_LIMIT)))
    } else if let Err(refusal) = decode(&mut request) {
        Err(Stopped::Refused(refusal))
    } else {
        stages(shared, &request, &mut logged, &mut late, now).await
    };
    let response = match outcome {
        Ok(Answer::Json((code, value))) => json_response(code, &shown(&request, &value, now), None),
        Ok(Answer::Discovery(value)) => discovery_response(&value, request.header("if-none-match")),
        Ok(Answer::Text(text)) => text_response(text),
        Ok(Answer::Watch(start)) => watch::response(Arc::clone(shared), start),
        Err(Stopped::Refused(refusal)) => json_response(refusal.code, &refusal.body(), refusal.retry_after),
        Err(Stopped::Strange(strange)) => strange.response(),
        Err(Stopped::Cut) => {
            shared.knobs.log(logged);
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by a knob"));
        }
    };
    logged.code = response.status().as_u16();
    shared.knobs.log(logged);
    // If the client gives up meanwhile, nothing after this runs.
    tokio::time::sleep(late).await;
    Ok(response)
}

/// Turns a protobuf body into the JSON that everything else reads.
fn decode(request: &mut Request) -> Result<(), Refusal> {
    let media = request.header("content-type").unwrap_or_default();
    if request.body.is_empty() || !media.starts_with(protobuf::MEDIA_TYPE) {
        return Ok(());
    }
    let object = protobuf::to_json(&request.body).ok_or_else(|| {
        Refusal::unsupported_media_type("this server decodes protobuf for a few kinds only; send JSON")
    })?;
    request.body = Bytes::from(object.to_string());
    Ok(())
}

enum Stopped {
    Refused(Refusal),
    Strange(Strange),
    Cut,
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Also returns how long the answer is to be delayed.
async fn stages(
    shared: &Arc<Shared>,
    request: &Request,
    logged: &mut Logged,
    late: &mut Duration,
    now: Timestamp,
) -> Result<Answer, Stopped> {
    let user = authenticate(shared, &request.headers).await?;
    let user = impersonate(shared, request, user)?;
    logged.user.clone_from(&user.name);
    if let Some(hook) = shared.knobs.hook(logged) {
        hook(&Objects::of(shared));
    }
    let failure = shared.knobs.failure(logged);
    match failure {
        Some(Failure::CutBefore) => return Err(Stopped::Cut),
        Some(Failure::Strange(strange)) => return Err(Stopped::Strange(strange)),
        Some(Failure::CutAfter | Failure::Late(_)) | None => {}
        Some(other) => return Err(Stopped::Refused(refusal_of(other, request))),
    }
    let answer = match shared.knobs.gate(logged) {
        Some(gate) => held(shared, request, &user, logged, gate).await,
        None => handle(shared, request, &user, now),
    };
    match failure {
        Some(Failure::CutAfter) => return Err(Stopped::Cut),
        Some(Failure::Late(delay)) => *late = delay,
        _ => {}
    }
    Ok(answer?)
}

/// Handles a request behind a gate, whether or not a client waits for its answer. If none does, it is logged here.
async fn held(
    shared: &Arc<Shared>,
    request: &Request,
    user: &User,
    logged: &Logged,
    gate: crate::gate::Gate,
) -> Result<Answer, Refusal> {
    let (answered, answer) = tokio::sync::oneshot::channel();
    let (shared, request, user) = (Arc::clone(shared), request.clone(), user.clone());
    let mut logged = logged.clone();
    tokio::spawn(async move {
        let answer = gate.pass(|| handle(&shared, &request, &user, Timestamp::now())).await;
        logged.code = match &answer {
            Ok(Answer::Json((code, _))) => *code,
            Ok(Answer::Discovery(_) | Answer::Text(_) | Answer::Watch(_)) => 200,
            Err(refusal) => refusal.code,
        };
        if answered.send(answer).is_err() {
            shared.knobs.log(logged);
        }
    });
    answer.await.unwrap_or_else(|_| Err(Refusal::internal("the request was not handled")))
}

fn refusal_of(failure: Failure, request: &Request) -> Refusal {
    let empty = Target {
        group: String::new(),
        version: String::new(),
        resource: String::new(),
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
    };
    let target = request.resource.as_ref().unwrap_or(&empty);
    match failure {
        Failure::Conflict => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Refusal::conflict(&target.group, &target.resource, &target.name, why)
        }
        Failure::TooManyRequests(seconds) => Refusal::too_many_requests(seconds),
        Failure::Forbidden => Refusal::forbidden(&target.group, &target.resource, &target.name, "refused by a knob"),
        Failure::Internal | Failure::CutBefore | Failure::CutAfter | Failure::Late(_) | Failure::Strange(_) => {
            Refusal::internal("failed by a knob")
        }
    }
}

async fn authenticate(shared: &Arc<Shared>, headers: &HeaderMap) -> Result<User, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(User::anonymous()) };
    let value = value.to_str().map_err(|_| Refusal::unauthorized())?;
    let scheme = value.get(..7).filter(|s| s.eq_ignore_ascii_case("bearer "));
    let bearer = scheme.map(|_| value[7..].trim()).ok_or_else(Refusal::unauthorized)?;
    if let Some(user) = shared.tokens.get(bearer) {
        return Ok(user.clone());
    }
    if !bearer.starts_with(token::PREFIX) {
        return Err(Refusal::unauthorized());
    }
    if let Some(cached) = shared.cached(bearer) {
        return cached;
    }
    let verified = authn::verify(&shared.identify, &shared.name, bearer).await;
    let mapped = verified.and_then(|(presigned, caller)| {
        let data = Objects::of(shared).aws_auth_data().unwrap_or_default();
        authn::map(shared.entries.as_ref(), &data, &presigned, &caller)
    });
    let user = mapped.map_err(|why| {
        tracing::debug!(cluster = shared.name, why, "token refused");
        Refusal::unauthorized()
    });
    shared.remember(bearer, &user, Instant::now());
    user
}

fn impersonate(shared: &Arc<Shared>, request: &Request, user: User) -> Result<User, Refusal> {
    let groups: Vec<&str> =
        request.headers.get_all("impersonate-group").iter().filter_map(|g| g.to_str().ok()).collect();
    let Some(name) = request.header("impersonate-user") else {
        if groups.is_empty() {
            return Ok(user);
        }
        return Err(Refusal::internal("requested groups without impersonating a user"));
    };
    let store = lock(&shared.store);
    let wanted = [("users", name)].into_iter().chain(groups.iter().map(|g| ("groups", *g)));
    for (resource, name) in wanted {
        let (verb, resource, name) = ("impersonate".to_owned(), resource.to_owned(), name.to_owned());
        authz::demand(&store, &user, &Attributes { verb, resource, name, ..Attributes::default() })?;
    }
    Ok(User::new(name, &groups))
}

fn handle(shared: &Arc<Shared>, request: &Request, user: &User, now: Timestamp) -> Result<Answer, Refusal> {
    let mut store = lock(&shared.store);
    authz::demand(&store, user, &attributes(request))?;
    let Some(target) = &request.resource else {
        let accept = request.header("accept").unwrap_or_default();
        if let Some(document) = discovery::aggregated(&request.path, accept).filter(|_| shared.knobs.aggregates()) {
            return Ok(Answer::Discovery(document));
        }
        let page = discovery::page(&request.path, &shared.version).ok_or_else(Refusal::no_such_resource)?;
        return Ok(match page {
            Page::Json(value) => Answer::Json((200, value)),
            Page::Text(text) => Answer::Text(text.to_owned()),
        });
    };
    if let Some(kind) = reviews::kind_of(target) {
        if request.verb != "create" {
            return Err(Refusal::method_not_allowed());
        }
        let past = if kind.plural.ends_with("accessreviews") { past_of_reviews(shared, &store, now) } else { None };
        let reply = reviews::answer(past.as_ref().unwrap_or(&store), user, target, kind, &request.body)?;
        return Ok(Answer::Json(reply));
    }
    let kind = target.kind().ok_or_else(Refusal::no_such_resource)?;
    if target.subresource == "log" && kind.plural == "pods" && request.verb == "get" {
        let pod = store.find("pods", &target.namespace, &target.name);
        let pod = pod.ok_or_else(|| Refusal::not_found("", "pods", &target.name))?;
        return Ok(Answer::Text(table::log_of(pod, now)));
    }
    if !target.subresource.is_empty() {
        return Err(Refusal::no_such_resource());
    }
    if request.verb == "watch" {
        return watch::Start::new(&store, request, target, kind).map(Answer::Watch);
    }
    let may_end_access = kind.plural.ends_with("bindings") && !matches!(request.verb, "get" | "list" | "create");
    // A copy of all objects is only worth its cost if a test asked for the lag.
    let past = (may_end_access && shared.knobs.review_lag() > 0).then(|| store.frozen());
    let revision = store.revision();
    let slow_namespaces = shared.knobs.slow_namespaces();
    let mut call = Call { store: &mut store, user, request, target, kind, now, slow_namespaces };
    let reply = match request.verb {
        "get" => call.get(),
        "list" => call.list(),
        "create" => call.create(),
        "update" => call.update(),
        "patch" => call.patch(),
        "delete" => call.delete(),
        _ => call.delete_collection(),
    }?;
    if let Some(past) = past.filter(|_| store.revision() > revision) {
        shared.lag_reviews_behind(past);
    }
    Ok(Answer::Json(reply))
}

/// The objects that a lagging review sees.
fn past_of_reviews(shared: &Shared, store: &Store, now: Timestamp) -> Option<Store> {
    let delay = jiff::SignedDuration::try_from(shared.knobs.review_delay()).unwrap_or_default();
    shared.past_of_reviews().or_else(|| (!delay.is_zero()).then(|| store.as_of(now - delay)))
}

fn attributes(request: &Request) -> Attributes {
    let verb = request.verb.to_owned();
    match &request.resource {
        None => Attributes { verb, path: request.path.clone(), ..Attributes::default() },
        Some(target) => Attributes {
            verb,
            namespace: target.namespace.clone(),
            group: target.group.clone(),
            resource: target.resource.clone(),
            subresource: target.subresource.clone(),
            name: target.name.clone(),
            path: String::new(),
        },
    }
}

fn logged(request: &Request) -> Logged {
    let verb = request.verb.to_owned();
    match &request.resource {
        None => Logged { verb, resource: request.path.clone(), ..Logged::default() },
        Some(target) => {
            let sub = if target.subresource.is_empty() { String::new() } else { format!("/{}", target.subresource) };
            Logged {
                verb,
                resource: format!("{}{sub}", target.resource),
                namespace: target.namespace.clone(),
                name: if request.verb == "create" { objects::name_in(&request.body) } else { target.name.clone() },
                ..Logged::default()
            }
        }
    }
}

/// The object as the client wants to see it: as it is, or as a Table.
fn shown(request: &Request, value: &Value, now: Timestamp) -> Value {
    let kind = request.resource.as_ref().and_then(Target::kind);
    let reads = matches!(request.verb, "get" | "list") && value["kind"] != "Status";
    match kind.filter(|_| reads && table::wanted(request.header("accept").unwrap_or_default())) {
        Some(kind) => table::table(kind, value, now),
        None => value.clone(),
    }
}

fn json_response(code: u16, value: &Value, retry_after: Option<u32>) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(value.to_string())));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The document, or 304 for a client that has it: the tag is a hash of its text, as in kube-apiserver.
fn discovery_response(value: &Value, known: Option<&str>) -> Response<Body> {
    let tag = format!("\"{}\"", hex::encode_upper(Sha512::digest(value.to_string())));
    let mut response = if known == Some(tag.as_str()) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = json_response(200, value, None);
        let form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form));
        response
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn text_response(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
