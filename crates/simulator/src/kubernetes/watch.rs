//! Watches: the present objects, then the changes.

use super::kinds::ServedKind;
use super::request::{Request, Target};
use super::selector::{Fields, Labels};
use super::status::Refusal;
use super::store::Store;
use super::{Shared, lock};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The end of a watch that does not ask for a time.
const LONGEST: Duration = Duration::from_mins(30);

/// A watch that is about to begin.
pub struct Start {
    kind: &'static ServedKind,
    namespace: String,
    labels: Labels,
    fields: Fields,
    seen: u64,
    first: VecDeque<Value>,
    until: Instant,
}

impl Start {
    /// Reads the parameters; without a `resourceVersion`, all present objects come first.
    pub fn new(store: &Store, request: &Request, target: &Target, kind: &'static ServedKind) -> Result<Self, Refusal> {
        let labels = Labels::parse(request.parameter("labelSelector").unwrap_or_default())?;
        let fields = Fields::parse(kind, request.parameter("fieldSelector").unwrap_or_default())?;
        let from = request.parameter("resourceVersion").and_then(|r| r.parse().ok()).filter(|r| *r > 0);
        let seconds = request.parameter("timeoutSeconds").and_then(|s| s.parse().ok()).map(Duration::from_secs);
        let mut start = Self {
            kind,
            namespace: target.namespace.clone(),
            labels,
            fields,
            seen: from.unwrap_or(store.revision()),
            first: VecDeque::new(),
            until: Instant::now() + seconds.unwrap_or(LONGEST).min(LONGEST),
        };
        if from.is_none() {
            let namespace = Some(start.namespace.as_str()).filter(|n| !n.is_empty() && kind.namespaced);
            let objects = store.list(kind, namespace).filter(|(_, o)| start.chooses(o));
            start.first = objects.map(|(_, o)| json!({ "type": "ADDED", "object": o })).collect();
        } else {
            store.since(start.seen).map_err(|oldest| Refusal::expired(start.seen, oldest))?;
        }
        Ok(start)
    }

    fn chooses(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }

    fn news(&mut self, store: &Store) {
        let events = match store.since(self.seen) {
            Ok(events) => events,
            Err(oldest) => {
                let status = Refusal::expired(self.seen, oldest).body();
                self.first.push_back(json!({ "type": "ERROR", "object": status }));
                self.until = Instant::now();
                return;
            }
        };
        self.seen = store.revision();
        for event in events {
            let here = event.key.is(self.kind)
                && (!self.kind.namespaced || self.namespace.is_empty() || event.key.namespace == self.namespace);
            if here && self.chooses(&event.object) {
                self.first.push_back(json!({ "type": event.change.word(), "object": event.object }));
            }
        }
    }
}

/// One JSON line per event, until the watch's time is over.
pub(super) fn response(shared: Arc<Shared>, start: Start) -> Response<Body> {
    let moved = lock(&shared.store).subscribe();
    let stream = futures::stream::unfold((shared, start, moved), |(shared, mut start, mut moved)| async move {
        loop {
            if let Some(event) = start.first.pop_front() {
                let line = Bytes::from(format!("{event}\n"));
                return Some((io::Result::Ok(line), (shared, start, moved)));
            }
            start.news(&lock(&shared.store));
            if start.first.is_empty() {
                let seen = start.seen;
                let change = moved.wait_for(|revision| *revision > seen);
                if !matches!(tokio::time::timeout_at(start.until, change).await, Ok(Ok(_))) {
                    return None;
                }
            }
        }
    });
    let mut response = Response::new(Body::from_stream(stream));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
