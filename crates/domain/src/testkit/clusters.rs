//! Clusters as the worker sees them.

use super::{NOW, cluster_arn};
use crate::{
    access::cluster::PinnedNamespace,
    eks::rbac::Rule,
    plan::observation::{
        AuthenticationMode, AwsAuthObject, ClusterObservation, ClusterState, EksCluster, EntryHolders, Marker,
        ObservedBinding, ObservedRole, Subject,
    },
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The namespace of this name, under the UID that it has on every cluster here.
pub fn namespace(name: &str) -> PinnedNamespace {
    PinnedNamespace { name: name.to_owned(), uid: format!("uid-{name}") }
}

/// The cluster of this name as EKS describes it.
pub fn eks_cluster(name: &str) -> EksCluster {
    EksCluster {
        name: name.to_owned(),
        arn: cluster_arn(name),
        created_at: None,
        endpoint: format!("https://{name}.example"),
        certificate_authority: "Y2E=".to_owned(),
        version: "1.35".to_owned(),
        status: "ACTIVE".to_owned(),
        mode: AuthenticationMode::ConfigMap,
    }
}

/// A cluster that answers, looked at `NOW`: an empty aws-auth, an unclaimed marker, and nothing else.
pub fn observation(name: &str) -> ClusterObservation {
    let aws_auth = AwsAuthObject {
        uid: "aws-auth".to_owned(),
        resource_version: "1".to_owned(),
        data: BTreeMap::new(),
        managers: vec![],
    };
    let marker = Marker { uid: "marker".to_owned(), resource_version: "1".to_owned(), installation: None, epoch: None };
    ClusterObservation {
        aws: Some(eks_cluster(name)),
        kubernetes: Some(ClusterState { aws_auth: Some(aws_auth), marker: Some(marker), ..ClusterState::default() }),
        trouble: None,
        kubernetes_at: Some(NOW),
        entries: EntryHolders::default(),
        without_entry: vec![],
        entries_refused: None,
        described: vec![],
        left_out: vec![],
    }
}

/// A RoleBinding of another client's in `payments`, to this ClusterRole, which binds none yet.
pub fn binding(name: &str, role: &str) -> ObservedBinding {
    ObservedBinding {
        namespace: Some("payments".to_owned()),
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        resource_version: "1".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        finalizers: vec![],
        deleting: false,
        role_kind: "ClusterRole".to_owned(),
        role_name: role.to_owned(),
        subjects: vec![],
    }
}

impl ObservedBinding {
    /// Binds this subject, too.
    #[must_use]
    pub fn naming(mut self, kind: &str, name: &str) -> Self {
        self.subjects.push(Subject { kind: kind.to_owned(), name: name.to_owned(), namespace: None });
        self
    }
}

impl ClusterObservation {
    /// What the API server told. It did.
    pub fn state_mut(&mut self) -> &mut ClusterState {
        self.kubernetes.as_mut().unwrap()
    }

    /// Of the cluster that has this ARN.
    #[must_use]
    pub fn at(mut self, arn: &str) -> Self {
        arn.clone_into(&mut self.aws.as_mut().unwrap().arn);
        self
    }

    /// Of a cluster that was created then.
    #[must_use]
    pub fn created(mut self, at: Timestamp) -> Self {
        self.aws.as_mut().unwrap().created_at = Some(at);
        self
    }

    /// With these namespaces.
    #[must_use]
    pub fn with_namespaces<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.state_mut().namespaces.extend(names.into_iter().map(namespace));
        self
    }

    /// With a ClusterRole.
    #[must_use]
    pub fn with_role(mut self, name: &str, rules: Vec<Rule>) -> Self {
        let role = ObservedRole { uid: format!("uid-{name}"), rules, labels: BTreeMap::new() };
        self.state_mut().cluster_roles.insert(name.to_owned(), role);
        self
    }

    /// With this text under a key of aws-auth.
    #[must_use]
    pub fn with_aws_auth(mut self, key: &str, text: &str) -> Self {
        self.state_mut().aws_auth.as_mut().unwrap().data.insert(key.to_owned(), text.to_owned());
        self
    }

    /// Looked at then.
    #[must_use]
    pub fn seen(self, at: Timestamp) -> Self {
        Self { kubernetes_at: Some(at), ..self }
    }
}
