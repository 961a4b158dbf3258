//! `PATCH` and `DELETE`.

use super::apply;
use super::kinds;
use super::namespaces;
use super::objects::{Call, Reply, parse};
use super::patch;
use super::status::Refusal;
use super::store::Key;
use serde_json::{Value, json};

impl Call<'_> {
    /// `PATCH`: merge patch; a strategic one if it means the same; server-side apply of plain objects.
    pub fn patch(&mut self) -> Result<Reply, Refusal> {
        let media = self.request.header("content-type").unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_owned();
        if matches!(media.as_str(), "application/apply-patch+yaml" | "application/apply-patch+cbor") {
            return apply::apply(self);
        }
        let merges =
            matches!(media.as_str(), "application/merge-patch+json" | "application/strategic-merge-patch+json");
        if !merges {
            return Err(Refusal::unsupported_media_type(
                "the body of the request was in an unknown format - accepted media types include: \
                 application/merge-patch+json, application/apply-patch+yaml",
            ));
        }
        let change: Value = serde_json::from_slice(&self.request.body)
            .map_err(|e| Refusal::bad_request(format!("error decoding patch: {e}")))?;
        if !change.is_object() {
            return Err(Refusal::bad_request("error decoding patch: not an object"));
        }
        // Kubernetes defines no merge keys for these.
        let atomic: &[&str] = if self.kind.group == kinds::RBAC { &["rules", "subjects"] } else { &[] };
        if media.contains("strategic") && !patch::is_plain(&change, atomic) {
            return Err(Refusal::unsupported_media_type(
                "this server does strategic merge patches without lists and directives only",
            ));
        }
        let before = self.store.get(&self.key()).cloned().ok_or_else(|| self.missing())?;
        let mut after = before.clone();
        patch::merge(&mut after, &change);
        let after = parse(self.kind, after.to_string().as_bytes())?;
        if after["metadata"]["name"] != before["metadata"]["name"] {
            return Err(Refusal::bad_request("the name of the object does not match the name on the URL"));
        }
        let revision = after["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        self.replace(&before, after, &revision, "Update")
    }

    /// `DELETE` of one object.
    pub fn delete(&mut self) -> Result<Reply, Refusal> {
        let options = self.delete_options()?;
        let before = self.store.get(&self.key()).cloned().ok_or_else(|| self.missing())?;
        self.check_preconditions(&options["preconditions"], &before)?;
        let dry = self.request.dry_run() || options["dryRun"].as_array().is_some_and(|d| d.contains(&json!("All")));
        if dry {
            return Ok((200, self.deleted(&before)));
        }
        if self.kind.plural == "namespaces" {
            let name = self.target.name.clone();
            let ending = namespaces::end(self.store, &name, self.now);
            if !self.slow_namespaces {
                namespaces::finish(self.store, &name);
            }
            return Ok((200, ending.unwrap_or(before)));
        }
        let removed = end(self, &self.key(), &before);
        let reply = removed.unwrap_or_else(|| self.deleted(&before));
        self.written();
        Ok((200, reply))
    }

    /// `DELETE` of a list.
    pub fn delete_collection(&mut self) -> Result<Reply, Refusal> {
        if self.kind.plural == "namespaces" {
            return Err(Refusal::method_not_allowed());
        }
        let (code, list) = self.list()?;
        for item in list["items"].as_array().into_iter().flatten() {
            let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default();
            let key = Key::new(self.kind, namespace, item["metadata"]["name"].as_str().unwrap_or_default());
            if let Some(before) = self.store.get(&key).cloned().filter(|_| !self.request.dry_run()) {
                end(self, &key, &before);
            }
        }
        self.written();
        Ok((code, list))
    }

    fn delete_options(&self) -> Result<Value, Refusal> {
        if self.request.body.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&self.request.body)
            .map_err(|e| Refusal::bad_request(format!("couldn't get version/kind; json parse error: {e}")))
    }

    fn check_preconditions(&self, wanted: &Value, found: &Value) -> Result<(), Refusal> {
        let kind = kinds::qualified("", self.kind.kind);
        for (field, name, advice) in [
            ("uid", "UID", "The object might have been deleted and then recreated"),
            ("resourceVersion", "ResourceVersion", "The object might have been modified"),
        ] {
            let Some(wanted) = wanted[field].as_str() else { continue };
            let found = found["metadata"][field].as_str().unwrap_or_default();
            if wanted != found {
                let why = format!(
                    "the {name} in the precondition ({wanted}) does not match the {name} in record ({found}). {advice}"
                );
                return Err(Refusal::conflict(self.kind.group, &kind, &self.target.name, &why));
            }
        }
        Ok(())
    }

    /// The answer to a completed deletion: for pods the pod, otherwise a Status.
    fn deleted(&self, before: &Value) -> Value {
        if self.kind.plural == "pods" {
            return before.clone();
        }
        let mut details =
            json!({ "name": self.target.name, "kind": self.kind.plural, "uid": before["metadata"]["uid"] });
        if !self.kind.group.is_empty() {
            details["group"] = json!(self.kind.group);
        }
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
    }
}

/// Removes an object. If finalizers hold it, marks it as being deleted and returns it.
fn end(call: &mut Call<'_>, key: &Key, before: &Value) -> Option<Value> {
    if before["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty) {
        call.store.remove(key);
        return None;
    }
    if !before["metadata"]["deletionTimestamp"].is_null() {
        return Some(before.clone());
    }
    let mut marked = before.clone();
    marked["metadata"]["deletionTimestamp"] = json!(patch::seconds(call.now));
    marked["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    Some(call.store.put(key.clone(), marked))
}
