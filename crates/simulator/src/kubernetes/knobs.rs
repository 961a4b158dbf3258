//! The knobs that tests set: failures, latency, lag, writes by other clients; and the log of all requests.

use super::{Objects, Strange};
use crate::gate::Gate;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The number of requests that are remembered.
const LOG: usize = 10_000;

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 409, as if another client had written in between; nothing is applied.
    Conflict,
    /// 429 with this many seconds in Retry-After; nothing is applied.
    TooManyRequests(u32),
    /// 500; nothing is applied.
    Internal,
    /// 403; nothing is applied.
    Forbidden,
    /// The connection ends without an answer and nothing is applied.
    CutBefore,
    /// The connection ends without an answer, but the request was applied.
    CutAfter,
    /// The answer comes this much later than the request was applied.
    Late(Duration),
    /// A strange answer is sent, and nothing is applied.
    Strange(Strange),
}

/// Selects requests. Parts that are not set match all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    verb: Option<String>,
    resource: Option<String>,
    name: Option<String>,
    user: Option<String>,
}

impl Pattern {
    /// Requests with this verb (`patch`, `create`) on this resource (`configmaps`); `*` stands for any.
    pub fn on(verb: &str, resource: &str) -> Self {
        let part = |s: &str| Some(s.to_owned()).filter(|s| s != "*");
        Self { verb: part(verb), resource: part(resource), ..Self::default() }
    }

    /// Limits the pattern to requests about this object.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// Limits the pattern to requests of this user.
    #[must_use]
    pub fn by(self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self }
    }

    fn matches(&self, request: &Logged) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        is(&self.verb, &request.verb)
            && is(&self.resource, &request.resource)
            && is(&self.name, &request.name)
            && is(&self.user, &request.user)
    }
}

/// One request in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// Kubernetes user, empty before authentication.
    pub user: String,
    /// `get`, `list`, `create`, `update`, `patch`, `delete`; for a non-resource path, the method.
    pub verb: String,
    /// Plural name, with `/subresource`; for a non-resource path, the path.
    pub resource: String,
    /// Namespace or empty.
    pub namespace: String,
    /// Name or empty; for a creation, the name in the body.
    pub name: String,
    /// HTTP status, even if no client waited for it; 0 if the connection was cut.
    pub code: u16,
    /// When it was handled.
    pub at: Timestamp,
}

struct Awaited {
    pattern: Pattern,
    failure: Failure,
    /// The number of matching requests that pass before.
    skip: u32,
    times: u32,
}

type Hook = Box<dyn FnOnce(&Objects) + Send>;

#[derive(Default)]
struct Settings {
    latency: Duration,
    failures: Vec<Awaited>,
    gates: Vec<(Pattern, u32, Gate)>,
    review_delay: Duration,
    hooks: Vec<(Pattern, Hook)>,
    review_lag: u32,
    slow_namespaces: bool,
    group_by_group: bool,
    token_cache: Option<Duration>,
    log: VecDeque<Logged>,
}

/// The knobs of one server. Clones share them.
#[derive(Clone)]
pub struct Knobs {
    settings: Arc<Mutex<Settings>>,
    unreachable: Arc<watch::Sender<bool>>,
}

impl std::fmt::Debug for Knobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knobs").field("unreachable", &*self.unreachable.borrow()).finish_non_exhaustive()
    }
}

impl Default for Knobs {
    fn default() -> Self {
        Self { settings: Arc::default(), unreachable: Arc::new(watch::Sender::new(false)) }
    }
}

impl Knobs {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every connection, and each new one at once, until it is set to false.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.unreachable.send_replace(unreachable);
    }

    pub(super) fn reachability(&self) -> watch::Receiver<bool> {
        self.unreachable.subscribe()
    }

    /// Delays every answer.
    pub fn set_latency(&self, latency: Duration) {
        self.settings().latency = latency;
    }

    pub(super) fn latency(&self) -> Duration {
        self.settings().latency
    }

    /// Makes the next `times` requests that match fail in this way.
    pub fn fail(&self, pattern: Pattern, failure: Failure, times: u32) {
        self.fail_after(pattern, 0, failure, times);
    }

    /// Lets `skip` requests that match pass, and makes the next `times` fail in this way.
    pub fn fail_after(&self, pattern: Pattern, skip: u32, failure: Failure, times: u32) {
        self.settings().failures.push(Awaited { pattern, failure, skip, times });
    }

    /// Lets `skip` requests that match pass, and stops the next one at the gate. The request goes on when the gate
    /// opens, even if its connection is gone by then.
    pub fn hold(&self, pattern: Pattern, skip: u32, gate: Gate) {
        self.settings().gates.push((pattern, skip, gate));
    }

    pub(super) fn gate(&self, request: &Logged) -> Option<Gate> {
        let mut settings = self.settings();
        let at = settings.gates.iter_mut().position(|(pattern, skip, _)| {
            let passes = pattern.matches(request) && *skip > 0;
            *skip -= u32::from(passes);
            pattern.matches(request) && !passes
        })?;
        Some(settings.gates.remove(at).2)
    }

    /// Forgets failures, gates and hooks that have not happened yet.
    pub fn heal(&self) {
        let mut settings = self.settings();
        settings.failures.clear();
        settings.gates.clear();
        settings.hooks.clear();
    }

    pub(super) fn failure(&self, request: &Logged) -> Option<Failure> {
        let mut settings = self.settings();
        for awaited in settings.failures.iter_mut().filter(|awaited| awaited.pattern.matches(request)) {
            if awaited.skip > 0 {
                awaited.skip -= 1;
            } else if awaited.times > 0 {
                awaited.times -= 1;
                return Some(awaited.failure);
            }
        }
        None
    }

    /// Runs `hook` once, just before the next matching request is handled: a write of another client in between.
    pub fn before(&self, pattern: Pattern, hook: impl FnOnce(&Objects) + Send + 'static) {
        self.settings().hooks.push((pattern, Box::new(hook)));
    }

    pub(super) fn hook(&self, request: &Logged) -> Option<impl FnOnce(&Objects) + Send + use<>> {
        let mut settings = self.settings();
        let at = settings.hooks.iter().position(|(p, _)| p.matches(request))?;
        Some(settings.hooks.remove(at).1)
    }

    /// After each deletion or change of a binding, this many access reviews still answer from the time before it.
    pub fn lag_reviews(&self, reviews: u32) {
        self.settings().review_lag = reviews;
    }

    pub(super) fn review_lag(&self) -> u32 {
        self.settings().review_lag
    }

    /// From now on access reviews answer from the time this long before, as a server's caches do.
    pub fn delay_reviews(&self, delay: Duration) {
        self.settings().review_delay = delay;
    }

    pub(super) fn review_delay(&self) -> Duration {
        self.settings().review_delay
    }

    /// Whether deleted namespaces stay `Terminating` until [`super::Server::finish_namespaces`].
    pub fn keep_namespaces_terminating(&self, slow: bool) {
        self.settings().slow_namespaces = slow;
    }

    pub(super) fn slow_namespaces(&self) -> bool {
        self.settings().slow_namespaces
    }

    /// Offers no aggregated discovery, as servers before 1.26 and some proxies do.
    pub fn discover_group_by_group(&self, group_by_group: bool) {
        self.settings().group_by_group = group_by_group;
    }

    pub(super) fn aggregates(&self) -> bool {
        !self.settings().group_by_group
    }

    /// Remembers for this long which user a token belongs to, or that it was refused, as the real webhook's cache does.
    pub fn cache_tokens(&self, lifetime: Option<Duration>) {
        self.settings().token_cache = lifetime;
    }

    pub(super) fn token_cache(&self) -> Option<Duration> {
        self.settings().token_cache
    }

    /// The requests so far, oldest first.
    pub fn requests(&self) -> Vec<Logged> {
        self.settings().log.iter().cloned().collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.settings().log.clear();
    }

    pub(super) fn log(&self, request: Logged) {
        let request = Logged { at: Timestamp::now(), ..request };
        let mut settings = self.settings();
        if settings.log.len() == LOG {
            settings.log.pop_front();
        }
        settings.log.push_back(request);
    }
}
