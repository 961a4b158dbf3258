//! The part of a cluster's page that only operators and auditors see: who can get in, what becomes of lines, and aws-auth
//! with findings.

use super::{
    readiness::{self, ReadinessRow},
    roster::Roster,
    texts::{Text, texts},
};
use crate::{
    actions::ways_in::WaysIn,
    store::read::{cluster::ClusterDetail, mapped::PrincipalChange},
    web::SignedIn,
};
use latchkey_domain::{
    eks::aws_auth::AwsAuth,
    plan::observation::{ClusterObservation, ClusterState},
};

/// See the module.
#[derive(Debug, Clone)]
pub struct Inside {
    pub roster: Roster,
    pub findings: usize,
    pub texts: Vec<Text>,
    /// Why there is no text.
    pub no_text: Option<&'static str>,
    /// What would become of each line; empty if the cluster reads none.
    pub readiness: Vec<ReadinessRow>,
    /// How many further lines there are.
    pub more_readiness: usize,
    /// The cluster's page.
    pub address: String,
    pub is_operator: bool,
}

impl Inside {
    /// What the last look and the database show of a cluster; `None` if its inside was never read.
    pub fn of(
        observed: &ClusterObservation,
        ways: &WaysIn,
        detail: &ClusterDetail,
        signed_in: &SignedIn,
    ) -> Option<Self> {
        let state = observed.kubernetes.as_ref()?;
        let address = format!("/clusters/{}", detail.id);
        let inside = Self {
            roster: Roster::of(ways, &address, &signed_in.clock),
            findings: 0,
            texts: vec![],
            no_text: Some("There is no ConfigMap `kube-system/aws-auth` on this cluster."),
            readiness: vec![],
            more_readiness: 0,
            address,
            is_operator: signed_in.visitor.roles.operator,
        };
        Some(inside.with_aws_auth(observed, state, ways, detail))
    }

    fn with_aws_auth(
        self,
        observed: &ClusterObservation,
        state: &ClusterState,
        ways: &WaysIn,
        detail: &ClusterDetail,
    ) -> Self {
        let Some(object) = &state.aws_auth else { return self };
        let auth = AwsAuth::read(&object.data);
        let (readiness, more_readiness) = readiness::of(observed, &auth, &detail.arn, &ways.became).unwrap_or_default();
        let gone = ways.became.iter().filter(|(_, became)| **became == PrincipalChange::Gone);
        let missing: Vec<&str> = gone.map(|(arn, _)| arn.as_str()).collect();
        let (texts, findings) = texts(&auth, &object.data, observed, &missing);
        let no_text = texts.is_empty().then_some("The ConfigMap `kube-system/aws-auth` is empty.");
        Self { findings, texts, no_text, readiness, more_readiness, ..self }
    }
}
