//! The endpoint: recognises the service, the action and the caller, and answers in the service's protocol.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use jiff::Timestamp;

use super::{
    Aws, Caller, eks,
    error::ApiError,
    faults::{Call, Fault},
    iam, now,
    query::{Form, error_xml},
    signature::{Presented, Received},
    sts,
};

/// No request of the three services is larger.
const BODY_LIMIT: usize = 1 << 20;

/// Makes the page at `/`.
pub(crate) type Page = Arc<dyn Fn() -> String + Send + Sync>;

/// Routes of the AWS endpoint; a GET of `/` by a browser gets `page`.
pub(crate) fn serve(aws: Aws, page: Page) -> Router {
    Router::new().fallback(answer).with_state((aws, page))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Iam,
    Sts,
    Eks,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Eks => "eks",
        }
    }
}

/// What a request asks for.
struct AwsRequest {
    service: Service,
    action: String,
    form: Form,
    wants_json: bool,
    request_id: String,
}

async fn answer(State((aws, page)): State<(Aws, Page)>, request: Request<Body>) -> Response<Body> {
    let received = match receive(request).await {
        Ok(received) => received,
        Err(error) => return error_response(&asked_nothing(), &error),
    };
    let signed = received.header("authorization").is_some() || received.query.contains("X-Amz-");
    if received.method == "GET" && received.path == "/" && !signed && !received.query.contains("Action=") {
        return crate::viewer::response(page());
    }
    let asked = ask(&received);
    let now = now();
    let fault = aws.0.faults.take(asked.service.name(), &asked.action);
    let asked = Arc::new(asked);
    let outcome = match aws.0.faults.gate(asked.service.name(), &asked.action) {
        Some(gate) => held(&aws, &asked, received, gate).await,
        None => called(&aws, &asked, &received, fault.as_ref(), now),
    };
    if matches!(fault, Some(Fault::CutBefore | Fault::CutAfter)) {
        return cut();
    }
    if matches!(fault, Some(Fault::Silent | Fault::SilentAfterSuccess)) {
        // The client gives up first: dropping the connection ends this future.
        std::future::pending::<()>().await;
    }
    if let Some(Fault::Slow(wait)) = fault {
        tokio::time::sleep(wait).await;
    }
    match outcome {
        Ok(body) => success(&asked, body),
        Err(error) => {
            let mut response = error_response(&asked, &error);
            if let Some(Fault::ThrottleFor(seconds)) = fault {
                response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
            }
            response
        }
    }
}

/// A call behind a gate: made when the gate opens, whether or not a client waits for its answer.
async fn held(
    aws: &Aws,
    asked: &Arc<AwsRequest>,
    received: Received,
    gate: crate::gate::Gate,
) -> Result<String, ApiError> {
    let (aws, asked) = (aws.clone(), Arc::clone(asked));
    let call = tokio::spawn(async move { gate.pass(|| called(&aws, &asked, &received, None, now())).await });
    call.await.unwrap_or_else(|_| Err(ApiError::new(500, "ServiceFailure", "the request was not handled")))
}

/// A body that ends before it is complete.
fn cut() -> Response<Body> {
    let ended = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut by a knob");
    Response::new(Body::from_stream(futures::stream::once(async { Err::<String, _>(ended) })))
}

/// Performs the call, and logs it.
fn called(
    aws: &Aws,
    asked: &AwsRequest,
    received: &Received,
    fault: Option<&Fault>,
    now: Timestamp,
) -> Result<String, ApiError> {
    let (caller, outcome) = perform(aws, asked, received, fault, now);
    aws.0.faults.record(Call {
        service: asked.service.name().to_owned(),
        action: asked.action.clone(),
        caller: caller.map(|caller| caller.identity.arn).unwrap_or_default(),
        at: now,
        error: outcome.as_ref().err().map(|error| error.code.clone()),
    });
    outcome
}

async fn receive(request: Request<Body>) -> Result<Received, ApiError> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| ApiError::new(413, "RequestEntityTooLarge", "The request is larger than 1 MiB."))?;
    Ok(Received {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: texts(&parts.headers),
        body: body.to_vec(),
    })
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn ask(received: &Received) -> AwsRequest {
    let in_query = received.query.contains("Action=");
    let body = String::from_utf8_lossy(&received.body);
    let form = Form::read(if in_query { &received.query } else { &body });
    let scope = Presented::read(received).ok().flatten().map(|presented| presented.service);
    let service = match scope.as_deref() {
        Some("iam") => Service::Iam,
        Some("sts") => Service::Sts,
        Some("eks") => Service::Eks,
        Some(_) | None if received.path != "/" => Service::Eks,
        Some(_) | None if form.get("Version") == Some(iam::VERSION) => Service::Iam,
        Some(_) | None => Service::Sts,
    };
    let action = match service {
        Service::Eks => eks::action(&received.method, &received.path).to_owned(),
        Service::Iam | Service::Sts => form.get("Action").unwrap_or("Unknown").to_owned(),
    };
    let wants_json = received.header("accept").is_some_and(|accept| accept.contains("application/json"));
    AwsRequest { service, action, form, wants_json, request_id: request_id() }
}

fn asked_nothing() -> AwsRequest {
    AwsRequest {
        service: Service::Sts,
        action: "Unknown".to_owned(),
        form: Form::read(""),
        wants_json: false,
        request_id: request_id(),
    }
}

fn request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The answer's body, and the caller if it was recognised.
fn perform(
    aws: &Aws,
    asked: &AwsRequest,
    received: &Received,
    fault: Option<&Fault>,
    now: Timestamp,
) -> (Option<Caller>, Result<String, ApiError>) {
    let (presented, caller) = match aws.identify(received, now) {
        Ok((presented, caller)) => {
            if presented.service != asked.service.name() {
                let message = format!("Credential should be scoped to correct service: '{}'.", asked.service.name());
                return (Some(caller), Err(ApiError::new(403, "SignatureDoesNotMatch", message)));
            }
            (presented, caller)
        }
        Err(error) => return (None, Err(error)),
    };
    let outcome = match fault {
        Some(Fault::Throttle | Fault::ThrottleFor(_)) => Err(ApiError::throttled()),
        Some(Fault::Fail(error)) => Err(error.clone()),
        Some(Fault::Silent | Fault::CutBefore) => Ok(String::new()),
        Some(Fault::SilentAfterSuccess | Fault::CutAfter | Fault::Slow(_)) | None => match asked.service {
            Service::Iam => iam::perform(&iam::Request { aws, caller: &caller, form: &asked.form, now }, &asked.action)
                .map(|xml| xml.response(&asked.action, iam::NAMESPACE, &asked.request_id)),
            Service::Sts => sts::perform(aws, &caller, &asked.form, &asked.action, now).map(|answer| {
                if asked.wants_json {
                    answer.json(&asked.action, &asked.request_id)
                } else {
                    answer.xml(&asked.action, &asked.request_id)
                }
            }),
            Service::Eks => eks::perform(aws, &caller, received, &presented.region, now).map(|value| value.to_string()),
        },
    };
    (Some(caller), outcome)
}

fn success(asked: &AwsRequest, body: String) -> Response<Body> {
    let json = asked.service == Service::Eks || (asked.service == Service::Sts && asked.wants_json);
    respond(asked, StatusCode::OK, json, body)
}

fn error_response(asked: &AwsRequest, error: &ApiError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match asked.service {
        Service::Eks => {
            // EKS has its own names for errors that all services have.
            let code = match error.code.as_str() {
                "InvalidClientTokenId" => "UnrecognizedClientException",
                "SignatureDoesNotMatch" => "InvalidSignatureException",
                "IncompleteSignature" => "IncompleteSignatureException",
                "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
                "ExpiredToken" => "ExpiredTokenException",
                "Throttling" => "ThrottlingException",
                "AccessDenied" => "AccessDeniedException",
                other => other,
            };
            let status = if code == "ThrottlingException" { StatusCode::TOO_MANY_REQUESTS } else { status };
            let body = serde_json::json!({ "message": error.message, "__type": code }).to_string();
            let mut response = respond(asked, status, true, body);
            if let Ok(value) = header::HeaderValue::from_str(code) {
                response.headers_mut().insert("x-amzn-errortype", value);
            }
            response
        }
        Service::Sts if asked.wants_json => respond(asked, status, true, sts::error_json(error, &asked.request_id)),
        Service::Sts => respond(asked, status, false, error_xml(error, sts::NAMESPACE, &asked.request_id)),
        Service::Iam => respond(asked, status, false, error_xml(error, iam::NAMESPACE, &asked.request_id)),
    }
}

fn respond(asked: &AwsRequest, status: StatusCode, json: bool, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = if json { "application/json" } else { "text/xml" };
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    if let Ok(id) = header::HeaderValue::from_str(&asked.request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
