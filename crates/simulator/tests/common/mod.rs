//! Tokens as the AWS CLI makes them, and what a cluster makes of them.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_simulator::{Simulator, seed::Keys};

/// The call that a token holds, before it is signed.
pub const STS: &str = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15";

/// `url`, presigned for `cluster` at `time`, as the AWS CLI does it.
pub fn presign(url: &str, keys: &Keys, session: Option<&str>, cluster: &str, time: SystemTime) -> String {
    let credentials =
        Credentials::new(&keys.access_key_id, &keys.secret_access_key, session.map(str::to_owned), None, "test");
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_mins(1));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("sts")
        .time(time)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = [("x-k8s-aws-id", cluster)];
    let request = SignableRequest::new("GET", url, headers.into_iter(), SignableBody::Bytes(&[])).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let mut url = url::Url::parse(url).unwrap();
    url.query_pairs_mut().extend_pairs(instructions.params());
    url.into()
}

/// The name that a cluster gives to the bearer of a presigned URL; `None` if it refuses the token.
pub async fn who(simulator: &Simulator, cluster: &str, url: &str) -> Option<String> {
    Some(user_info(simulator, cluster, url).await?["username"].as_str().unwrap().to_owned())
}

/// Whom a cluster takes the bearer of a presigned URL for; `None` if it refuses the token.
pub async fn user_info(simulator: &Simulator, cluster: &str, url: &str) -> Option<serde_json::Value> {
    let cluster = simulator.cluster(cluster).unwrap();
    let authority = reqwest::Certificate::from_pem(cluster.ca_pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let review = serde_json::json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let address = cluster.server.join("/apis/authentication.k8s.io/v1/selfsubjectreviews").unwrap();
    let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
    let answer = client.post(address).bearer_auth(token).json(&review).send().await.unwrap();
    if answer.status() == 401 {
        return None;
    }
    let mut answer: serde_json::Value = answer.json().await.unwrap();
    Some(answer["status"]["userInfo"].take())
}
