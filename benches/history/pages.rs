//! Each page, as the person who sees most.

use crate::{
    addresses::{self, Names, PAGES},
    figures::{Table, timed},
    history::History,
    town::settings,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use latchkey::{store::Store, web};
use std::time::Duration;
use tower::ServiceExt as _;

/// Samples of each page. A prepared statement has a custom plan for its first five uses, which the samples must
/// outnumber.
const SAMPLES: usize = 30;

/// A portal over a history.
struct Portal {
    router: Router,
    cookie: String,
    names: Names,
}

/// Times each page over both histories, alternating.
pub async fn measure(small: &History, large: &History, table: &mut Table) {
    addresses::are_complete();
    let (small, large) = (Portal::over(small).await, Portal::over(large).await);
    for at in PAGES.iter().flat_map(|(_, ats)| *ats) {
        let mut samples = [Vec::new(), Vec::new()];
        for sample in 0..=SAMPLES {
            for (portal, samples) in [&small, &large].into_iter().zip(&mut samples) {
                let took = portal.get(at).await;
                // The first request pays for connections and caches.
                if sample > 0 {
                    samples.push(took);
                }
            }
        }
        let [small, large] = samples;
        table.add(*at, small, large);
    }
}

impl Portal {
    async fn over(history: &History) -> Self {
        let store = Store::for_pages(&history.town.database.url_as("latchkey_web").parse().unwrap(), 4);
        let cookie = format!("__Host-latchkey={}", history.token);
        Self { router: router(store), cookie, names: addresses::names(history).await }
    }

    async fn get(&self, at: &str) -> Duration {
        let at = addresses::fill(at, &self.names);
        let request = Request::get(&at).header(header::COOKIE, &self.cookie).body(Body::empty()).unwrap();
        let answer = async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            (status, to_bytes(response.into_body(), usize::MAX).await.unwrap())
        };
        let ((status, text), took) = timed(answer).await;
        let fine = status == StatusCode::OK || status == StatusCode::NO_CONTENT;
        assert!(fine, "{at}: {status} {}", String::from_utf8_lossy(&text));
        took
    }
}

/// A portal whose provider does not exist: only `/status` asks for it, and its connection is refused at once.
fn router(store: Store) -> Router {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    web::router(latchkey::cli::serve::state(&settings("https://latchkey.example"), store).unwrap())
}
