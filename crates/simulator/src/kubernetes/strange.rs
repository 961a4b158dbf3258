//! Answers that are not valid, or are harmful: endless, huge, slow, from another address, or HTML.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, StatusCode, header},
};
use futures::stream;
use std::{convert::Infallible, time::Duration};

/// What a server answers instead of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strange {
    /// An empty page of a list that says that another page follows.
    Endless,
    /// A list of this many MiB in one body.
    Huge(usize),
    /// An endless body of one byte at each interval.
    Dripping(Duration),
    /// A redirect to another address.
    Redirect(&'static str),
    /// An HTML page with this status.
    Html(u16),
}

impl Strange {
    pub(super) fn response(self) -> Response<Body> {
        let (code, media, body) = match self {
            Self::Endless => {
                let page = r#"{"kind":"List","apiVersion":"v1","metadata":{"continue":"more"},"items":[]}"#;
                (200, "application/json", Body::from(page))
            }
            Self::Huge(megabytes) => (200, "application/json", huge(megabytes)),
            Self::Dripping(pause) => (200, "application/json", dripping(pause)),
            Self::Redirect(_) => (302, "text/plain", Body::empty()),
            Self::Html(code) => (code, "text/html; charset=utf-8", Body::from("<html><h1>Sign in</h1></html>")),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        if let Self::Redirect(to) = self {
            response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(to));
        }
        response
    }
}

/// White space is valid in JSON, too, so the body need not be built before it is sent.
fn huge(megabytes: usize) -> Body {
    let first = Bytes::from_static(br#"{"kind":"List","apiVersion":"v1","metadata":{},"items":["#);
    let space = Bytes::from(vec![b' '; 1 << 20]);
    let pieces = std::iter::once(first).chain(std::iter::repeat_n(space, megabytes));
    let pieces = pieces.chain(std::iter::once(Bytes::from_static(b"]}")));
    Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)))
}

fn dripping(pause: Duration) -> Body {
    Body::from_stream(stream::unfold((), move |()| async move {
        tokio::time::sleep(pause).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    }))
}
