//! Static files. Each address carries the hash of its content, so what it serves never changes.

use super::routes::Routes;
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct StaticFile {
    path: &'static str,
    mime: &'static str,
    body: &'static [u8],
    url: String,
}

macro_rules! files {
    ($($path:literal $mime:literal),* $(,)?) => {
        [$(StaticFile::new($path, $mime, include_bytes!(concat!("../../static/", $path)))),*]
    };
}

static FILES: LazyLock<[StaticFile; 7]> = LazyLock::new(|| {
    files![
        "css/base.css" "text/css; charset=utf-8",
        "css/components.css" "text/css; charset=utf-8",
        "css/pages.css" "text/css; charset=utf-8",
        "css/records.css" "text/css; charset=utf-8",
        "vendor/htmx-4.0.1/htmx.min.js" "text/javascript; charset=utf-8",
        "app.js" "text/javascript; charset=utf-8",
        "mark.svg" "image/svg+xml",
    ]
});

impl StaticFile {
    fn new(path: &'static str, mime: &'static str, body: &'static [u8]) -> Self {
        let hash = hex::encode(&Sha256::digest(body)[..8]);
        Self { path, mime, body, url: format!("/static/{hash}/{path}") }
    }
}

/// The address of a file under `static/`. For a path that is not served, the address answers 404; the test of the
/// layout finds that.
pub fn url(path: &str) -> &'static str {
    FILES.iter().find(|file| file.path == path).map_or("/static/none", |file| file.url.as_str())
}

/// Every file with its address and content, to show pages without a server.
#[cfg(test)]
pub fn all() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().map(|file| (file.url.as_str(), file.body))
}

/// A year: the address changes with the content.
const CACHING: &str = "public, max-age=31536000, immutable";

async fn serve(Path(path): Path<String>) -> Response {
    let wanted = format!("/static/{path}");
    match FILES.iter().find(|file| file.url == wanted) {
        Some(file) => {
            ([(header::CONTENT_TYPE, file.mime), (header::CACHE_CONTROL, CACHING)], file.body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `/favicon.ico`, which browsers ask for by themselves: the mark as SVG.
async fn favicon() -> Response {
    serve(Path(url("mark.svg").trim_start_matches("/static/").to_owned())).await
}

/// `/static/{hash}/{path}` and `/favicon.ico`.
pub fn routes() -> Routes {
    Routes::new().get("/static/{*path}", serve).get("/favicon.ico", favicon)
}
