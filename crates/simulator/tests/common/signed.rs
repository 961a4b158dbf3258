//! Requests as a signed caller sends them.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use latchkey_simulator::Simulator;

/// What a caller sends.
pub struct Sent<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub body: String,
}

/// Signs a request to the AWS endpoint, sends it, and gives the answer.
pub async fn send(simulator: &Simulator, caller: Credentials, sent: Sent<'_>) -> reqwest::Response {
    let Sent { service, method, path, body } = sent;
    let url = simulator.aws_endpoint().join(path).unwrap();
    let identity = caller.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let signable = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new(method, url.as_str(), std::iter::empty(), signable).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), url.clone());
    for (name, value) in instructions.headers() {
        request = request.header(name, value);
    }
    request.body(body).send().await.unwrap()
}
