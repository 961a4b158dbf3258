//! The network path: which proxy is used, and which authorities TLS trusts.

use super::{Desk, report::CheckResult};
use crate::{
    causes::chain,
    cli::{serve, worker},
    login::{outbound, proof::Sts},
    words::doctor::way as words,
};
use url::Url;

/// How the identity provider is reached.
pub fn to_provider(desk: &Desk<'_>) -> Vec<CheckResult> {
    let issuer = &desk.settings.login.issuer;
    let Ok(url) = Url::parse(issuer) else { return vec![] };
    let mut findings = store();
    findings.push(CheckResult::ok(
        "identity_provider.way",
        format!("{issuer} is reached {}, by the machine's certificate store", desk.settings.proxies.way_to(&url)),
    ));
    findings
}

/// How AWS and the API servers of clusters are reached.
pub fn to_aws(desk: &Desk<'_>) -> Vec<CheckResult> {
    const CHECK: &str = "aws.way";
    let settings = desk.settings;
    let region = worker::aws(settings).region;
    let known = Url::parse(&format!("https://eks.{region}.amazonaws.com/"));
    let Some(eks) = settings.aws.eks_url.clone().or(known.ok()) else { return vec![] };
    let clusters = if settings.aws.proxy_clusters {
        "API servers of clusters likewise ([aws] proxy_clusters)"
    } else {
        "API servers of clusters directly"
    };
    let what = format!(
        "AWS is reached {}, by the machine's certificate store; {clusters}, by each cluster's own CA",
        settings.proxies.way_to(&eks)
    );
    vec![CheckResult::ok(CHECK, what)]
}

/// Whether STS answers the portal, and which authorities the portal trusts for it.
pub async fn to_sts(desk: &Desk<'_>) -> Vec<CheckResult> {
    const CHECK: &str = "aws.proofs";
    let settings = desk.settings;
    let region = worker::aws(settings).region;
    let known = Url::parse(&format!("https://sts.{region}.amazonaws.com/")).ok();
    let Some(url) = settings.aws.sts_url.clone().or(known) else { return vec![] };
    let trusted = settings.aws.sts_authorities.as_ref().map_or_else(
        || "the public authorities alone".to_owned(),
        |own| format!("the {} authorities of {} alone", own.certificates.len(), own.file.display()),
    );
    let way = settings.proxies.way_to(&url);
    let reached = async {
        let sts = Sts::new(serve::sts(settings)).map_err(|error| chain(&error))?;
        outbound::get(sts.client(), url.as_str()).await.map(drop).map_err(|error| chain(&error))
    };
    vec![match reached.await {
        Ok(()) => CheckResult::ok(CHECK, format!("proofs of identity go to {url} {way}, trusting {trusted}")),
        Err(error) => CheckResult::failed(CHECK, words::no_proofs(url.as_str(), &way, &trusted, &error)),
    }]
}

/// The number of authorities in the machine's certificate store.
fn store() -> Vec<CheckResult> {
    const CHECK: &str = "certificates.store";
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|variable| (variable, std::env::var(variable).ok()));
    let named: Vec<String> = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    let from = if named.is_empty() { "the system's".to_owned() } else { named.join(" ") };
    let count = rustls_native_certs::load_native_certs().certs.len();
    vec![match count {
        0 => CheckResult::failed(CHECK, words::empty_store(&from)),
        count => CheckResult::ok(CHECK, format!("the certificate store is {from}: {count} authorities")),
    }]
}
