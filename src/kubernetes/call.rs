//! One call to an API server: what is sent, how long it may take, how its answer is read.

use super::{ApiServer, CALL, FIELD_MANAGER, answer};
use crate::fault::{Fault, FaultKind};
use crate::lease::{LAST_CALL, Permit};
use http::{Method, header};
use hyper::body::Body as _;
use kube::client::Body;
use latchkey_domain::access::blocker::Missing;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{future::poll_fn, pin::Pin, time::Duration};

/// Objects in a page of a list.
const PAGE: usize = 500;
/// The largest answer that is read: etcd holds objects of 1.5 MiB, and a page of the largest objects that people make,
/// such as RoleBindings of 100 subjects, has about 5 MiB.
const LARGEST: usize = 32 << 20;
/// The most pages of a list: a page with fewer objects than asked for may say each time that another follows.
const MOST_PAGES: usize = 200;
/// The most objects of a list: ten times what the largest clusters have.
const MOST_OBJECTS: usize = 50_000;
/// The most bytes of a list, all pages together: several lists of several clusters are read at once.
const LARGEST_LIST: usize = 128 << 20;
/// How long a list may take, all pages together: a run reads everything twice within its lease.
const LIST: Duration = Duration::from_secs(20);

/// One call: what it does, on what, and the right that it needs.
#[derive(Debug, Clone)]
pub(super) struct ApiCall {
    /// A verb phrase.
    pub operation: &'static str,
    /// A noun phrase, with the cluster.
    pub subject: String,
    /// The right in Kubernetes' words, such as `list rolebindings.rbac.authorization.k8s.io`.
    pub right: Missing,
}

impl ApiCall {
    /// The failure of this call.
    pub(super) fn failed(&self, kind: FaultKind) -> Fault {
        Fault::new(kind, self.operation, self.subject.clone())
    }

    /// The last check of a permit, right before a write is sent.
    pub(super) fn may_begin(&self, permit: &Permit<'_>) -> Result<(), Fault> {
        if permit.time_left() > LAST_CALL {
            return Ok(());
        }
        Err(self.failed(FaultKind::Transient).because("the time that this run had is over"))
    }
}

/// The path of an object or a collection.
#[derive(Debug, Clone)]
pub(super) struct Path(String);

/// Which characters besides letters and digits stay unencoded in a path segment. Binding names hold colons.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

impl Path {
    /// A collection of the core group.
    pub(super) fn core(namespace: Option<&str>, resource: &str) -> Self {
        Self::under("/api/v1", namespace, resource)
    }

    /// A collection of `rbac.authorization.k8s.io/v1`.
    pub(super) fn rbac(namespace: Option<&str>, resource: &str) -> Self {
        Self::under("/apis/rbac.authorization.k8s.io/v1", namespace, resource)
    }

    fn under(root: &str, namespace: Option<&str>, resource: &str) -> Self {
        match namespace {
            Some(namespace) => Self(format!("{root}/namespaces/{}/{resource}", segment(namespace))),
            None => Self(format!("{root}/{resource}")),
        }
    }

    /// An object of the collection.
    pub(super) fn named(self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, segment(name)))
    }

    /// Any other path.
    pub(super) fn of(path: &str) -> Self {
        Self(path.to_owned())
    }
}

fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// A write, and its body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Write<'a> {
    /// A new object into a collection.
    Create(&'a Value),
    /// An object as a whole.
    Replace(&'a Value),
    /// The named fields of an object, and no others.
    Merge(&'a Value),
}

/// A list as the API server answers it.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMetadata,
    // Go writes an empty list as null if the server did not initialize it.
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

impl ApiServer {
    /// The object; `None` if the API server says that there is none.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: Path, call: &ApiCall) -> Result<Option<T>, Fault> {
        match self.send(Method::GET, &path.0, None, call).await {
            Err(fault) if fault.is_not_found() => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Every object of a collection, read consistently (no resource version).
    ///
    /// # Errors
    /// Too much if the list is larger, longer or slower than its bounds; and the faults of any call.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: Path, call: &ApiCall) -> Result<Vec<T>, Fault> {
        let endless = || too_much(call, format!("the list did not end within {} s", LIST.as_secs()));
        tokio::time::timeout(LIST, self.pages(path, call)).await.unwrap_or_else(|_elapsed| Err(endless()))
    }

    async fn pages<T: DeserializeOwned>(&self, path: Path, call: &ApiCall) -> Result<Vec<T>, Fault> {
        let (mut objects, mut next, mut bytes) = (Vec::new(), None::<String>, 0_usize);
        for _ in 0..MOST_PAGES {
            let mut target = format!("{}?limit={PAGE}", path.0);
            if let Some(token) = next.take() {
                target.push_str("&continue=");
                target.extend(utf8_percent_encode(&token, NON_ALPHANUMERIC));
            }
            let (head, body) = self.exchange(Method::GET, &target, None, call).await?;
            bytes = bytes.saturating_add(body.len());
            let page: Page<T> = answer::read(&head, &body, call)?;
            objects.extend(page.items.unwrap_or_default());
            if objects.len() > MOST_OBJECTS {
                return Err(too_much(call, format!("there are more than {MOST_OBJECTS}")));
            }
            if bytes > LARGEST_LIST {
                return Err(too_much(call, format!("they are larger than {} MiB", LARGEST_LIST >> 20)));
            }
            match page.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) => next = Some(token),
                None => return Ok(objects),
            }
        }
        Err(too_much(call, format!("the list has more than {MOST_PAGES} pages")))
    }

    /// Sends a write; returns what the API server stored.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        permit: &Permit<'_>,
        path: Path,
        write: Write<'_>,
        call: &ApiCall,
    ) -> Result<T, Fault> {
        call.may_begin(permit)?;
        let target = format!("{}?fieldManager={FIELD_MANAGER}", path.0);
        let (method, media, body) = match write {
            Write::Create(object) => (Method::POST, JSON, object),
            Write::Replace(object) => (Method::PUT, JSON, object),
            Write::Merge(change) => (Method::PATCH, MERGE_PATCH, change),
        };
        self.send(method, &target, Some((media, body)), call).await
    }

    /// Deletes the object of that name and UID. Succeeds, too, if it is gone already.
    pub(super) async fn remove(&self, permit: &Permit<'_>, path: Path, uid: &str, call: &ApiCall) -> Result<(), Fault> {
        call.may_begin(permit)?;
        let options = serde_json::json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": { "uid": uid },
            "propagationPolicy": "Background",
        });
        match self.send::<Value>(Method::DELETE, &path.0, Some((JSON, &options)), call).await {
            Err(fault) if !fault.is_not_found() => Err(fault),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Posts a question: an object that the API server answers and does not store.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &Path,
        object: &Value,
        call: &ApiCall,
    ) -> Result<T, Fault> {
        self.send(Method::POST, &path.0, Some((JSON, object)), call).await
    }

    /// Sends a write that the API server authorises and admits like any other, and does not store.
    pub(super) async fn dry_run(&self, method: Method, path: &Path, body: &Value, call: &ApiCall) -> Result<(), Fault> {
        let media = if method == Method::PATCH { MERGE_PATCH } else { JSON };
        let target = format!("{}?fieldManager={FIELD_MANAGER}&dryRun=All", path.0);
        self.send::<Value>(method, &target, Some((media, body)), call).await.map(drop)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        body: Option<(&str, &Value)>,
        call: &ApiCall,
    ) -> Result<T, Fault> {
        let (head, body) = self.exchange(method, target, body, call).await?;
        answer::read(&head, &body, call)
    }

    /// Sends a request and receives the answer, whatever its status is.
    pub(super) async fn exchange(
        &self,
        method: Method,
        target: &str,
        body: Option<(&str, &Value)>,
        call: &ApiCall,
    ) -> Result<(http::response::Parts, Vec<u8>), Fault> {
        let mut request = http::Request::builder().method(method).uri(target).header(header::ACCEPT, JSON);
        if let Some((content_type, _)) = body {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let body = body.map_or_else(Body::empty, |(_, value)| Body::from(value.to_string().into_bytes()));
        self.answered(request, body, call).await
    }

    /// Reads what is at a path in one of these media types; 304 without a body if it still has this entity tag.
    pub(super) async fn read_as(
        &self,
        path: &str,
        accept: &str,
        tag: Option<&str>,
        call: &ApiCall,
    ) -> Result<(http::response::Parts, Vec<u8>), Fault> {
        let mut request = http::Request::builder().uri(path).header(header::ACCEPT, accept);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        self.answered(request, Body::empty(), call).await
    }

    async fn answered(
        &self,
        request: http::request::Builder,
        body: Body,
        call: &ApiCall,
    ) -> Result<(http::response::Parts, Vec<u8>), Fault> {
        let request = request.body(body).map_err(|error| call.failed(FaultKind::Invalid).caused_by(error))?;
        let exchange = async {
            let (head, body) = self.client.send(request).await?.into_parts();
            Ok((head, collect(body).await?))
        };
        match tokio::time::timeout(CALL, exchange).await {
            Ok(Ok((head, Some(body)))) => Ok((head, body)),
            Ok(Ok((_, None))) => Err(too_much(call, format!("the answer is larger than {} MiB", LARGEST >> 20))),
            Ok(Err(error)) => Err(answer::unanswered(error, call)),
            Err(_elapsed) => {
                Err(call.failed(FaultKind::Transient).because(format!("no answer within {} s", CALL.as_secs())))
            }
        }
    }
}

fn too_much(call: &ApiCall, why: String) -> Fault {
    call.failed(FaultKind::TooMuch).because(why)
}

/// Reads a body; `None` if it is larger than [`LARGEST`], and then no more of it is read.
async fn collect(mut body: Body) -> Result<Option<Vec<u8>>, kube::Error> {
    let mut read = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(piece) = frame?.into_data() else { continue };
        if read.len().saturating_add(piece.len()) > LARGEST {
            return Ok(None);
        }
        read.extend_from_slice(&piece);
    }
    Ok(Some(read))
}

pub(super) const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_path_segments_whatever_they_hold() {
        let path = Path::rbac(Some("payments"), "rolebindings").named("latchkey:0192:abcd/../x?y");
        assert_eq!(
            path.0,
            "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings/latchkey:0192:abcd%2F..%2Fx%3Fy"
        );
        assert_eq!(Path::core(None, "namespaces").0, "/api/v1/namespaces");
    }
}
