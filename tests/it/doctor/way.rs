//! The way to the outside: proxies, and certificates of authorities that only this machine knows.

use super::{Ward, latchkey, section, text};
use crate::rig::proxy::Proxy;
use latchkey::{kubernetes::ApiServer, proxy::Proxies};
use latchkey_components::certificates;
use latchkey_simulator::{
    Simulator,
    seed::{Seed, SeedCluster},
};
use latchkey_testkit::ACCOUNT;
use std::sync::Arc;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

/// A provider (and STS) by TLS under an authority of its own: its address, and the authority in PEM. It answers every
/// request with a discovery document.
async fn private_server() -> (String, String) {
    let authority = certificates::Authority::new("a private authority").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls(&authority.issue(&["localhost"]).unwrap())));
    let document = serde_json::json!({
        "issuer": address, "authorization_endpoint": format!("{address}/auth"), "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/keys"),
    })
    .to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, document) = (acceptor.clone(), document.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap_or(0) > 2 {}
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", document.len());
                stream.write_all(format!("{head}{document}").as_bytes()).await.ok();
                stream.shutdown().await.ok();
            });
        }
    });
    (address, authority.certificate().to_owned())
}

fn tls(identity: &certificates::Identity) -> rustls::ServerConfig {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
}

/// What the doctor says of one check.
fn said(told: &super::Told, subject: &str, check: &str) -> (String, String) {
    let report = told.json();
    let found = section(&report, subject).into_iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("{subject} has no {check}: {}", told.out));
    (text(&found["status"]).to_owned(), text(&found["what"]).to_owned())
}

const AWAY: &str = "https://login.latchkey.test";

#[tokio::test]
async fn provider_and_aws_are_reached_through_the_proxy_of_the_environment_but_for_whom_it_leaves_out() {
    let proxy = Proxy::start().await;
    let mut ward = Ward::new(
        &latchkey(AWAY, "http://127.0.0.1:9", super::PORTAL)
            .replace("sts_url", "#sts_url")
            .replace("iam_url", "#iam_url")
            .replace("eks_url", "#eks_url"),
    );
    ward.write("policy.toml", crate::town::POLICY);
    for (name, value) in [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "marked-secret")] {
        ward.set(name, value);
    }
    ward.set("HTTPS_PROXY", proxy.address.clone());
    let told = ward.examine(&["--policy", "policy.toml", "--timeout", "5"]).await;
    for host in ["login.latchkey.test:443", "sts.eu-west-1.amazonaws.com:443"] {
        assert!(proxy.was_asked_for(&format!("CONNECT {host} HTTP/1.1 true")), "{host}: {:?}", proxy.asked());
    }
    let through = format!("through the proxy {} (HTTPS_PROXY)", proxy.address.replace("me:marked-proxy-password@", ""));
    for (subject, check) in [("identity_provider", "identity_provider.way"), ("aws", "aws.way"), ("aws", "aws.proofs")]
    {
        let (_, what) = said(&told, subject, check);
        assert!(what.contains(&through), "{check}: {what}");
    }
    assert!(said(&told, "aws", "aws.way").1.contains("API servers of clusters directly"), "{}", told.out);
    assert!(!told.out.contains("marked-") && !told.err.contains("marked-"), "{}\n{}", told.out, told.err);

    let before = proxy.asked().len();
    ward.set("NO_PROXY", ".latchkey.test,.amazonaws.com");
    let told = ward.examine(&["--policy", "policy.toml", "--timeout", "5"]).await;
    assert_eq!(proxy.asked().len(), before, "{:?}", proxy.asked());
    assert!(
        said(&told, "identity_provider", "identity_provider.way").1.contains("directly (NO_PROXY)"),
        "{}",
        told.out
    );

    ward.set("HTTPS_PROXY", "socks5://127.0.0.1:1");
    let told = ward.latchkey("check", &[]).await;
    assert!(told.code == 1 && told.err.contains("HTTPS_PROXY: error: HTTPS_PROXY names no proxy"), "{}", told.err);
}

#[tokio::test]
async fn a_private_authority_of_the_machine_holds_for_the_provider_and_never_for_proofs_of_identity() {
    let (address, authority) = private_server().await;
    let mut ward = Ward::new(&latchkey(&address, &address, super::PORTAL));
    ward.write("ca.pem", &authority);
    let discovery = |told: &super::Told| said(told, "identity_provider", "identity_provider.discovery").0;
    let proofs = |told: &super::Told| said(told, "aws", "aws.proofs");

    let told = ward.examine(&[]).await;
    assert_eq!((discovery(&told).as_str(), proofs(&told).0.as_str()), ("failed", "failed"), "{}", told.out);

    ward.set("SSL_CERT_FILE", ward.path("ca.pem"));
    ward.set("SSL_CERT_DIR", "/nowhere");
    let told = ward.examine(&[]).await;
    assert_eq!(discovery(&told), "ok", "{}", told.out);
    let (_, store) = said(&told, "identity_provider", "certificates.store");
    assert!(store.contains("SSL_CERT_FILE=") && store.ends_with("1 authorities"), "{store}");
    let (status, what) = proofs(&told);
    assert!(status == "failed" && what.contains("trusting the public authorities alone"), "{what}");

    ward.set("LATCHKEY_AWS__STS_CA_FILE", "ca.pem");
    let (status, what) = proofs(&ward.examine(&[]).await);
    assert!(status == "ok" && what.contains("trusting the 1 authorities of"), "{what}");

    ward.write("ca.pem", "nothing of that kind");
    let told = ward.latchkey("check", &[]).await;
    assert!(told.code == 1 && told.err.contains("holds no certificate in PEM"), "{}", told.err);
}

#[tokio::test]
async fn clusters_are_reached_through_the_proxy_only_where_that_is_said_and_their_own_authority_decides() {
    let proxy = Proxy::start().await;
    let mut seed = Seed::new("eu-west-1", ACCOUNT);
    seed.clusters.push(SeedCluster::new("prod-eu"));
    let simulator = Simulator::start(seed, None).await.unwrap();
    let server = simulator.kubernetes("prod-eu").unwrap();
    let info = simulator.cluster("prod-eu").unwrap();
    let described = latchkey_domain::plan::observation::EksCluster {
        name: "prod-eu".into(),
        arn: info.arn.clone(),
        created_at: None,
        endpoint: info.server.to_string(),
        certificate_authority: crate::adapters::kubernetes::base64(&info.ca_pem),
        version: "1.35".into(),
        status: "ACTIVE".into(),
        mode: latchkey_domain::plan::observation::AuthenticationMode::ConfigMap,
    };
    let token = || server.admin_token().to_owned().into();
    let through = Proxies::from_variables(&[("HTTPS_PROXY".into(), proxy.address.clone())]).unwrap();
    let api = ApiServer::connect(&described, token(), &through).unwrap();
    assert!(!api.namespace_names().await.unwrap().is_empty());
    assert_eq!(proxy.asked().len(), 1, "{:?}", proxy.asked());
    assert!(proxy.asked()[0].ends_with("HTTP/1.1 true"), "{:?}", proxy.asked());
    let direct = ApiServer::connect(&described, token(), &Proxies::default()).unwrap();
    assert!(!direct.namespace_names().await.unwrap().is_empty());
    assert_eq!(proxy.asked().len(), 1);
    // A proxy cannot pass for the API server.
    let (_, authority) = private_server().await;
    let other = latchkey_domain::plan::observation::EksCluster {
        certificate_authority: crate::adapters::kubernetes::base64(&authority),
        ..described
    };
    assert!(ApiServer::connect(&other, token(), &through).unwrap().namespace_names().await.is_err());
}
