//! The page that shows the simulator's content, and the plain frame that its other pages share.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// Escapes text for HTML, for elements and quoted attributes.
pub(crate) use crate::aws::escape;

const STYLE: &str = "
:root { color-scheme: light dark; --edge: #8884; --soft: #8882; --ink: CanvasText; --accent: #2f6f5e; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
h3 { font-size: .95rem; margin: 1rem 0 .25rem; overflow-wrap: anywhere; } p { margin: .25rem 0 .75rem; }
pre { background: var(--soft); border-radius: .4rem; font: 13px/1.45 ui-monospace, monospace; margin: 0 0 .75rem;
  overflow-x: auto; padding: .6rem .8rem; }
ul { margin: 0 0 .75rem; padding-left: 1.2rem; } li { overflow-wrap: anywhere; } .quiet { opacity: .7; }
.people { display: grid; gap: .6rem; margin: 1rem 0; max-width: 26rem; }
button { background: transparent; border: 1px solid var(--edge); border-radius: .5rem; color: var(--ink); cursor: pointer;
  font: inherit; padding: .6rem .9rem; text-align: left; width: 100%; }
button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 1px; }
button small { display: block; opacity: .7; }
";

/// The part of a cluster that the page shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterView {
    pub name: String,
    pub mode: String,
    pub server: String,
    /// One line per access entry, whether or not the mode reads them.
    pub entries: Vec<String>,
    /// `None` if the ConfigMap does not exist, or the API server is external.
    pub aws_auth: Option<BTreeMap<String, String>>,
    /// One line per binding.
    pub bindings: Vec<String>,
}

/// The page at `/` of the AWS endpoint.
pub(crate) fn page(users: &[(String, BTreeMap<String, String>)], clusters: &[ClusterView]) -> String {
    let mut body = String::from(
        "<h1>Simulator</h1><p class=\"quiet\">What the simulated AWS and its clusters hold now. The page loads again \
         every two seconds.</p>",
    );
    for cluster in clusters {
        let _ = write!(
            body,
            "<h2>Cluster {}</h2><p class=\"quiet\">{} · {}</p><h3>Access entries</h3>",
            escape(&cluster.name),
            escape(&cluster.mode),
            escape(&cluster.server)
        );
        list(&mut body, &cluster.entries, "There are none.");
        body.push_str("<h3>kube-system/aws-auth</h3>");
        match &cluster.aws_auth {
            None => body.push_str("<p>There is no aws-auth here.</p>"),
            Some(data) if data.is_empty() => body.push_str("<p>It is empty: no identity is mapped.</p>"),
            Some(data) => {
                for (key, text) in data {
                    let _ = write!(body, "<p>{}</p><pre>{}</pre>", escape(key), escape(text));
                }
            }
        }
        body.push_str("<h3>Bindings</h3>");
        list(&mut body, &cluster.bindings, "There are none.");
    }
    body.push_str("<h2>IAM users</h2>");
    for (arn, policies) in users {
        let _ = write!(body, "<h3>{}</h3>", escape(arn));
        if policies.is_empty() {
            body.push_str("<p class=\"quiet\">No inline policy.</p>");
        }
        for (name, text) in policies {
            let pretty = serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .and_then(|document| serde_json::to_string_pretty(&document).ok());
            let _ = write!(body, "<p>{}</p><pre>{}</pre>", escape(name), escape(pretty.as_deref().unwrap_or(text)));
        }
    }
    frame("Simulator", Some(2), &body)
}

fn list(body: &mut String, items: &[String], none: &str) {
    if items.is_empty() {
        let _ = write!(body, "<p class=\"quiet\">{none}</p>");
        return;
    }
    body.push_str("<ul>");
    for item in items {
        let _ = write!(body, "<li>{}</li>", escape(item));
    }
    body.push_str("</ul>");
}

/// A whole document around `body`, which must be HTML already.
pub(crate) fn frame(title: &str, refresh_seconds: Option<u8>, body: &str) -> String {
    let refresh = refresh_seconds
        .map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">"))
        .unwrap_or_default();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">{refresh}<title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>",
        escape(title)
    )
}

/// The response of a page; it loads nothing, and its forms go nowhere.
pub(crate) fn response(html: String) -> Response<Body> {
    response_to(html, "'none'")
}

/// As [`response`], with forms that may go (and be redirected) to `form_action`, sources of a content security policy.
pub(crate) fn response_to(html: String, form_action: &str) -> Response<Body> {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text_on_the_page() {
        let cluster = ClusterView {
            name: "<b>".to_owned(),
            aws_auth: Some([("mapUsers".to_owned(), "<script>".to_owned())].into()),
            bindings: vec!["<i>".to_owned()],
            entries: vec!["<i>".to_owned()],
            ..ClusterView::default()
        };
        let html = page(&[("arn:<x>".to_owned(), BTreeMap::new())], &[cluster]);
        assert!(!html.contains("<script>") && !html.contains("<i>") && !html.contains("<x>") && !html.contains("<b>"));
        assert!(html.contains("&lt;script&gt;"));
    }
}
