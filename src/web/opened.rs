//! Requests that a person opened, as far as their browser says. A page of another site can make a browser request any
//! address, as a picture or ahead of time: such a request is not a person's act.

use super::{Failure, State};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, request::Parts},
};

/// A request that a person's navigation made, or that says nothing about it (older browsers, tools). As an extractor it
/// refuses every other request with `Malformed`.
#[derive(Debug, Clone, Copy)]
pub struct Opened;

/// The headers of a navigation (Fetch Metadata), and their values for an opened page.
const OPENED: [(&str, &str); 2] = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
/// The headers which say that the response is not shown yet, with their older names.
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
const AHEAD: [&str; 2] = ["prefetch", "preview"];

fn is_opened(headers: &HeaderMap) -> bool {
    let is = |value: &HeaderValue, wanted: &str| value.as_bytes().trim_ascii().eq_ignore_ascii_case(wanted.as_bytes());
    let says = |(name, wanted): (&str, &str)| headers.get_all(name).iter().all(|value| is(value, wanted));
    // `prefetch;prerender` counts, too.
    let ahead = |value: &HeaderValue| {
        let mut words = value.as_bytes().split(|byte| matches!(byte, b';' | b',' | b' '));
        words.any(|word| AHEAD.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes())))
    };
    OPENED.into_iter().all(says) && !PURPOSES.iter().any(|name| headers.get_all(*name).iter().any(ahead))
}

impl FromRequestParts<State> for Opened {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &State) -> Result<Self, Failure> {
        if is_opened(&parts.headers) {
            return Ok(Self);
        }
        tracing::info!("a sign-in that no person opened was refused");
        Err(Failure::Malformed(
            "A sign-in begins and ends in a page of its own, and your browser asked for this address as a part of \
             another page, or ahead of time. Open the sign-in page and begin there."
                .to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        is_opened(&map)
    }

    #[test]
    fn only_a_navigation_or_what_says_nothing_is_opened_by_somebody() {
        let page = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
        assert!(opened(&page), "the provider sends people back from another site");
        assert!(opened(&[]));
        assert!(opened(&[("sec-fetch-site", "cross-site")]));
        for other in [
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")][..],
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "empty")],
            &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "document")],
            &[("sec-fetch-dest", "script")],
            &[("sec-fetch-mode", "no-cors")],
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-dest", "image")],
            &[page[0], page[1], ("sec-purpose", "prefetch")],
            &[page[0], page[1], ("sec-purpose", "prefetch;prerender")],
            &[("purpose", "Preview")],
            &[("purpose", "prefetch")],
            &[("x-purpose", "preview")],
            &[("x-moz", "prefetch")],
        ] {
            assert!(!opened(other), "{other:?}");
        }
    }
}
