//! The state of a server's objects at each moment, for assertions about every step and not only about the end.

use super::{
    Objects,
    authn::User,
    authz, aws_auth, lock,
    store::{Event, ObjectChange, Store},
};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// A moment right after one change.
#[derive(Debug)]
pub struct Moment<'a> {
    event: &'a Event,
    store: &'a Store,
}

impl Moment<'_> {
    /// When the change happened, by the machine's clock.
    pub fn at(&self) -> Timestamp {
        self.event.at
    }

    /// Plural name of the resource that changed.
    pub fn resource(&self) -> &'static str {
        self.event.key.plural()
    }

    /// Namespace (or an empty text) and name of the object that changed.
    pub fn object_name(&self) -> (&str, &str) {
        (&self.event.key.namespace, &self.event.key.name)
    }

    /// An object at that moment.
    pub fn object(&self, namespace: &str, kind: &str, name: &str) -> Option<&Value> {
        self.store.find(kind, namespace, name)
    }

    /// `data` of `kube-system/aws-auth` at that moment.
    pub fn aws_auth_data(&self) -> BTreeMap<String, String> {
        let config_map = self.store.find("configmaps", "kube-system", "aws-auth");
        let data = config_map.and_then(|object| object["data"].as_object());
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        data.into_iter().flatten().filter_map(text).collect()
    }

    /// Whether an IAM principal could do this at that moment with a resource of an API group (empty for the core), in a
    /// namespace (empty for the whole cluster). Usernames with templates match no principal.
    pub fn lets(&self, arn: &str, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
        let Some((username, groups)) = self.mapped(arn) else { return false };
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        self.lets_user(&username, &groups, (verb, group, resource, namespace))
    }

    /// The username, which may be a template, and the groups that aws-auth gave at that moment to an ARN: of a role
    /// without its path.
    pub fn mapped(&self, arn: &str) -> Option<(String, Vec<String>)> {
        aws_auth::look_up(&self.aws_auth_data(), arn).map(|mapping| (mapping.username, mapping.groups))
    }

    /// The same for a Kubernetes user: verb, API group, resource and namespace.
    pub fn lets_user(
        &self,
        username: &str,
        groups: &[&str],
        (verb, group, resource, namespace): (&str, &str, &str, &str),
    ) -> bool {
        let what = authz::Attributes {
            verb: verb.to_owned(),
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            ..authz::Attributes::default()
        };
        authz::decide(self.store, &User::new(username, groups), &what).allowed
    }
}

impl Objects {
    /// Visits every change since the server was new, in order. Returns how many there were; `None` if the first ones
    /// are forgotten or the server began from a stored state.
    pub fn replay(&self, mut visit: impl FnMut(&Moment<'_>)) -> Option<usize> {
        let events = lock(&self.shared().store).since(Store::default().revision()).ok()?;
        let mut store = Store::default();
        for event in &events {
            store.again(event);
            visit(&Moment { event, store: &store });
        }
        (store.revision() == events.last()?.revision).then_some(events.len())
    }
}

impl Store {
    /// The objects as they were at this time, as far as the history goes back.
    pub(super) fn as_of(&self, time: Timestamp) -> Self {
        let mut past = Self::default();
        for event in self.since(past.revision()).unwrap_or_default().iter().filter(|event| event.at <= time) {
            past.again(event);
        }
        past
    }

    fn again(&mut self, event: &Event) {
        match event.change {
            ObjectChange::Added | ObjectChange::Modified => {
                self.restore_object(event.key.clone(), event.object.clone());
            }
            ObjectChange::Deleted => self.forget_object(&event.key),
        }
        self.set_revision(event.revision);
    }
}
