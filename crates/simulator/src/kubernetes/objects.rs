//! Reading and writing stored objects.

use super::authn::User;
use super::kinds::ServedKind;
use super::namespaces;
use super::patch::{self, Writer};
use super::request::{Request, Target};
use super::selector::{Fields, Labels};
use super::status::Refusal;
use super::store::{self, Key, Store};
use super::{aggregation, authz, escalation, validate};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

/// One authorised request about stored objects.
pub struct Call<'a> {
    /// The server's objects.
    pub store: &'a mut Store,
    /// The caller.
    pub user: &'a User,
    /// The whole request.
    pub request: &'a Request,
    /// The object or list that it is about.
    pub target: &'a Target,
    /// The resource.
    pub kind: &'static ServedKind,
    /// The time of the request.
    pub now: Timestamp,
    /// Whether a deleted namespace stays `Terminating`.
    pub slow_namespaces: bool,
}

/// The name that an object gives itself; empty if it has none, or is not JSON.
pub fn name_in(body: &[u8]) -> String {
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// Status code and object.
pub type Reply = (u16, Value);

impl Call<'_> {
    pub(super) fn key(&self) -> Key {
        Key::new(self.kind, &self.target.namespace, &self.target.name)
    }

    pub(super) fn missing(&self) -> Refusal {
        Refusal::not_found(self.kind.group, self.kind.plural, &self.target.name)
    }

    fn writer(&self, operation: &'static str) -> Writer {
        Writer { manager: self.request.manager(), operation, at: self.now }
    }

    /// `GET` of one object.
    pub fn get(&self) -> Result<Reply, Refusal> {
        self.store.get(&self.key()).map(|o| (200, o.clone())).ok_or_else(|| self.missing())
    }

    /// `GET` of a list, with selectors, `limit` and `continue`.
    pub fn list(&self) -> Result<Reply, Refusal> {
        let labels = Labels::parse(self.request.parameter("labelSelector").unwrap_or_default())?;
        let fields = Fields::parse(self.kind, self.request.parameter("fieldSelector").unwrap_or_default())?;
        let namespace = Some(self.target.namespace.as_str()).filter(|n| self.kind.namespaced && !n.is_empty());
        let after = self.request.parameter("continue").filter(|c| !c.is_empty()).map(resume).transpose()?;
        let chosen: Vec<(&Key, &Value)> = self
            .store
            .list(self.kind, namespace)
            .filter(|(_, o)| labels.matches(o) && fields.matches(o))
            .filter(|(k, _)| after.as_ref().is_none_or(|(ns, n)| (&k.namespace, &k.name) > (ns, n)))
            .collect();
        let limit = self.request.parameter("limit").and_then(|l| l.parse().ok()).filter(|l| *l > 0);
        let shown = limit.unwrap_or(usize::MAX).min(chosen.len());
        let mut metadata = json!({ "resourceVersion": self.store.revision().to_string() });
        if let Some((last, _)) = chosen[..shown].last().filter(|_| shown < chosen.len()) {
            metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(json!([last.namespace, last.name]).to_string()));
            metadata["remainingItemCount"] = json!(chosen.len() - shown);
        }
        let items: Vec<Value> = chosen[..shown].iter().map(|(_, o)| without_type(o)).collect();
        let kind = format!("{}List", self.kind.kind);
        Ok((200, json!({ "kind": kind, "apiVersion": self.kind.api_version(), "metadata": metadata, "items": items })))
    }

    /// `POST`.
    pub fn create(&mut self) -> Result<Reply, Refusal> {
        let mut object = parse(self.kind, &self.request.body)?;
        if object["metadata"]["name"].as_str().unwrap_or_default().is_empty()
            && let Some(prefix) = object["metadata"]["generateName"].as_str()
        {
            let suffix = &store::random_uuid().simple().to_string()[..5];
            object["metadata"]["name"] = json!(format!("{prefix}{suffix}"));
        }
        let stored = self.insert(object, "Update")?;
        Ok((201, stored))
    }

    /// Stores a new object under its own name. Used by `POST`, and by writes that create a missing object.
    pub(super) fn insert(&mut self, mut object: Value, operation: &'static str) -> Result<Value, Refusal> {
        if self.kind.namespaced && self.target.namespace.is_empty() {
            return Err(Refusal::method_not_allowed());
        }
        self.place(&mut object)?;
        if self.kind.namespaced {
            namespaces::accepts(self.store, self.kind, &self.target.namespace, &object)?;
        }
        validate::default(self.kind, &mut object);
        let named = self.target.name.as_str();
        escalation::check(self.store, self.user, self.kind, &object, &self.target.namespace, named)?;
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        validate::check(self.kind, &name, &object)?;
        let key = Key::new(self.kind, &self.target.namespace, &name);
        if let Some(existing) = self.store.get(&key) {
            let ending = !existing["metadata"]["deletionTimestamp"].is_null();
            return Err(Refusal::already_exists(self.kind, &name, ending));
        }
        if !object["metadata"]["resourceVersion"].as_str().unwrap_or_default().is_empty() && named.is_empty() {
            return Err(Refusal::unexpected("resourceVersion should not be set on objects to be created"));
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            for own in ["deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "resourceVersion"] {
                metadata.remove(own);
            }
            metadata.insert("uid".into(), json!(store::random_uuid().to_string()));
            metadata.insert("creationTimestamp".into(), json!(patch::seconds(self.now)));
        }
        patch::own(&self.writer(operation), None, &mut object);
        if self.request.dry_run() {
            return Ok(object);
        }
        let stored = self.store.put(key, object);
        self.written();
        Ok(stored)
    }

    /// Puts the request's namespace into the object, or refuses if the object names another.
    fn place(&self, object: &mut Value) -> Result<(), Refusal> {
        let named = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let wanted = if self.kind.namespaced { self.target.namespace.as_str() } else { "" };
        if named.is_empty() || named == wanted {
            if !wanted.is_empty() {
                object["metadata"]["namespace"] = json!(wanted);
            }
            return Ok(());
        }
        Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ))
    }

    /// `PUT`: with a `resourceVersion` only over that version, without one over any version.
    pub fn update(&mut self) -> Result<Reply, Refusal> {
        let mut object = parse(self.kind, &self.request.body)?;
        let name = self.target.name.clone();
        let named = object["metadata"]["name"].as_str().unwrap_or_default();
        if named != name {
            return Err(Refusal::bad_request(format!(
                "the name of the object ({named}) does not match the name on the URL ({name})"
            )));
        }
        self.place(&mut object)?;
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let revision = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        let Some(before) = self.store.get(&self.key()).cloned() else {
            return self.put_absent(object, &uid);
        };
        if !uid.is_empty() && before["metadata"]["uid"] != uid.as_str() {
            let found = before["metadata"]["uid"].as_str().unwrap_or_default();
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {found}");
            return Err(Refusal::conflict(self.kind.group, self.kind.plural, &name, &why));
        }
        self.replace(&before, object, &revision, "Update")
    }

    fn put_absent(&mut self, object: Value, uid: &str) -> Result<Reply, Refusal> {
        if !self.kind.created_by_put() {
            return Err(self.missing());
        }
        if !uid.is_empty() {
            let (plural, namespace, name) = (self.kind.plural, &self.target.namespace, &self.target.name);
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{plural}/{namespace}/{name}, ResourceVersion: 0, \
                 AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: "
            );
            return Err(Refusal::conflict(self.kind.group, plural, name, &why));
        }
        self.may_create()?;
        Ok((201, self.insert(object, "Update")?))
    }

    /// A write that creates needs the verb `create`, too.
    pub(super) fn may_create(&self) -> Result<(), Refusal> {
        let what = authz::Attributes {
            verb: "create".to_owned(),
            namespace: self.target.namespace.clone(),
            group: self.kind.group.to_owned(),
            resource: self.kind.plural.to_owned(),
            name: self.target.name.clone(),
            ..authz::Attributes::default()
        };
        authz::demand(self.store, self.user, &what)
    }

    /// Replaces `before` with `after`. If `revision` is set, it must be that of `before`.
    pub(super) fn replace(
        &mut self,
        before: &Value,
        mut after: Value,
        revision: &str,
        operation: &'static str,
    ) -> Result<Reply, Refusal> {
        let name = self.target.name.clone();
        validate::default(self.kind, &mut after);
        if !only_lets_go(before, &after) {
            escalation::check(self.store, self.user, self.kind, &after, &self.target.namespace, &name)?;
        }
        if !revision.is_empty() && before["metadata"]["resourceVersion"] != revision {
            return Err(Refusal::stale(self.kind, &name));
        }
        keep_system_fields(before, &mut after);
        validate::check_update(self.kind, &name, before, &after)?;
        validate::check(self.kind, &name, &after)?;
        if same(before, &after) {
            return Ok((200, before.clone()));
        }
        patch::own(&self.writer(operation), Some(before), &mut after);
        if self.request.dry_run() {
            return Ok((200, after));
        }
        let stored = self.store.put(self.key(), after);
        let ending = !stored["metadata"]["deletionTimestamp"].is_null();
        if ending && stored["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty) {
            self.store.remove(&self.key());
        }
        self.written();
        Ok((200, stored))
    }

    /// The consequences of any write: aggregated roles, namespaces that may end now.
    pub(super) fn written(&mut self) {
        if self.kind.plural == "clusterroles" {
            aggregation::run(self.store);
        }
        if self.kind.namespaced && !self.slow_namespaces {
            namespaces::finish(self.store, &self.target.namespace);
        }
    }
}

/// The object in a body.
pub(super) fn parse(kind: &ServedKind, body: &[u8]) -> Result<Value, Refusal> {
    let object: Value = serde_json::from_slice(body)
        .map_err(|e| Refusal::bad_request(format!("couldn't get version/kind; json parse error: {e}")))?;
    validate::decodable(kind, &object)?;
    let (api_version, name) = (object["apiVersion"].as_str(), object["kind"].as_str());
    if api_version.is_some_and(|v| v != kind.api_version()) || name.is_some_and(|n| n != kind.kind) {
        return Err(Refusal::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}",
            name.unwrap_or_default(),
            api_version.unwrap_or_default(),
            kind.kind
        )));
    }
    Ok(object)
}

fn resume(token: &str) -> Result<(String, String), Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes.and_then(|b| serde_json::from_slice(&b).ok()).ok_or_else(|| Refusal::bad_request("continue key is not valid"))
}

fn without_type(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    object
}

/// Ignores a client's values for these fields: the server's own values stay.
fn keep_system_fields(before: &Value, after: &mut Value) {
    let old = &before["metadata"];
    if after["metadata"]["uid"].as_str().unwrap_or_default().is_empty() {
        after["metadata"]["uid"] = old["uid"].clone();
    }
    let kept =
        ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "resourceVersion"];
    let Some(metadata) = after["metadata"].as_object_mut() else { return };
    for field in kept {
        metadata.remove(field);
        if !old[field].is_null() {
            metadata.insert(field.to_owned(), old[field].clone());
        }
    }
}

/// Whether a write changes nothing, which makes no new revision.
fn same(before: &Value, after: &Value) -> bool {
    let normal = |object: &Value| {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.retain(|_, v| !v.is_null());
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.retain(|_, v| !v.is_null() && v.as_object().is_none_or(|m| !m.is_empty()));
        }
        object
    };
    normal(before) == normal(after)
}

/// Whether only finalizers and owners change, which needs no right to grant.
fn only_lets_go(before: &Value, after: &Value) -> bool {
    let rest = |object: &Value| {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.retain(|_, v| !v.is_null());
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.retain(|k, _| matches!(k.as_str(), "labels" | "annotations"));
        }
        object
    };
    rest(before) == rest(after)
}
