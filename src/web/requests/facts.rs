//! The side panel of a request: what was asked, under which policy, how fresh the preview is.

use crate::{
    actions::preview::ShownPreview,
    store::read::request::RequestDetail,
    web::html::Html,
    words::{self, Clock},
};
use latchkey_domain::access::{policy::PolicyFile, request::RequestState};

/// The side panel's facts.
#[derive(Debug, Clone)]
pub struct RequestPanel {
    pub cluster: String,
    pub cluster_address: String,
    pub profile: String,
    pub namespaces: Vec<String>,
    pub principal: String,
    /// Who uses it, of a role.
    pub whose: Option<Html>,
    pub length: String,
    pub submitted: Html,
    pub lapses: Option<Html>,
    pub policy: String,
    pub policy_hash: String,
}

/// How fresh a preview is.
#[derive(Debug, Clone)]
pub struct Freshness {
    pub text: Html,
    pub stale: bool,
}

/// Whether a cluster is production, by its label `stage` in policy.toml.
pub fn is_prod(file: &PolicyFile, cluster: &str) -> bool {
    let found = file.clusters.iter().find(|each| each.name.as_str() == cluster);
    found.and_then(|cluster| cluster.labels.get("stage")).is_some_and(|stage| stage.starts_with("prod"))
}

impl RequestPanel {
    /// What the panel says of this request.
    pub fn of(detail: &RequestDetail, namespaces: &[String], clock: &Clock) -> Self {
        let facts = &detail.facts;
        Self {
            cluster: facts.terms.cluster_name.clone(),
            cluster_address: format!("/clusters/{}", facts.terms.cluster),
            profile: facts.terms.profile.name.to_string(),
            namespaces: namespaces.to_vec(),
            principal: facts.terms.principal_arn.clone(),
            whose: words::identity::whose(&facts.terms).map(|whose| Html::sentence(&whose)),
            length: words::time::length(facts.terms.minutes),
            submitted: Html::when(clock, facts.submitted_at),
            lapses: (detail.state == RequestState::Pending).then(|| Html::when(clock, facts.lapses_at)),
            policy: facts.policy_name.clone(),
            policy_hash: facts.policy_hash.chars().take(12).collect(),
        }
    }
}

impl Freshness {
    /// "Read 40 s ago"; a warning after ten minutes.
    pub fn of(shown: &ShownPreview, _clock: &Clock) -> Self {
        let seconds = i64::try_from(shown.read_seconds_ago).unwrap_or(i64::MAX);
        let age = words::time::duration(jiff::SignedDuration::from_secs(seconds));
        let stale = seconds > crate::actions::ask::OLD_OBSERVATION.as_secs();
        let text = if stale {
            format!("From what the worker read {age} ago. It may look different now.")
        } else {
            format!("From what the worker read {age} ago.")
        };
        Self { text: Html::prose(&text), stale }
    }
}
