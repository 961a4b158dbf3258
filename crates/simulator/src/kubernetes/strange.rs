//! Answers that are none, or mean harm: endless, huge, slow, elsewhere, for people.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, StatusCode, header},
};
use futures::stream;
use std::{convert::Infallible, time::Duration};

/// What a server answers in place of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strange {
    /// A page of a list that holds nothing and says that another follows.
    Endless,
    /// A list of this many MiB in one body.
    Huge(usize),
    /// A body of one byte each so often that never ends.
    Dripping(Duration),
    /// It is at another address.
    Redirect(&'static str),
    /// A page for people, with this code.
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

/// White space is JSON, too: nothing of it has to be made before it is sent.
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
