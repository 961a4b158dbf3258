use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{
    ExecVersion, LONGEST, PresignedIdentity, ProofContext, StsHost, TokenError, Variant, encode, exec_credential,
    exec_credential_in,
};
use crate::eks::arn::Partition;

const HOST: &str = "sts.eu-west-1.amazonaws.com";
const QUERY: &str = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIAEXAMPLE%2F20261124%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20261124T070000Z\
    &X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=0123456789abcdef";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn expected() -> ProofContext {
    let cluster_id = "latchkey-nonce".to_owned();
    ProofContext { cluster_id, now: at("2026-11-24T07:01:00Z"), partitions: Vec::new() }
}

fn url() -> String {
    format!("https://{HOST}/?{QUERY}")
}

fn read(url: &str) -> Result<PresignedIdentity, TokenError> {
    PresignedIdentity::parse(&encode(url), &expected())
}

#[test]
fn the_whole_json_and_the_bare_token_say_the_same() {
    let token = encode(&url());
    let bare = PresignedIdentity::parse(&format!("  {token}\n"), &expected()).unwrap();
    let json = exec_credential(&token, at("2026-11-24T07:14:00Z"));
    assert_eq!(PresignedIdentity::parse(&format!("\n{json}\n"), &expected()).unwrap(), bare);
    let pretty = format!("{:#}", serde_json::from_str::<serde_json::Value>(&json).unwrap());
    assert_eq!(PresignedIdentity::parse(&pretty, &expected()).unwrap(), bare);
    assert_eq!(bare.url(), url());
    assert_eq!(bare.path_and_query(), format!("/?{QUERY}"));
    assert_eq!(bare.header(), ("x-k8s-aws-id", "latchkey-nonce"));
    assert_eq!((bare.region(), bare.access_key_id()), ("eu-west-1", "AKIAEXAMPLE"));
    assert_eq!(bare.expires_at(), at("2026-11-24T07:15:00Z"));
}

#[test]
fn line_breaks_of_a_terminal_do_no_harm() {
    let token = encode(&url());
    let (head, tail) = token.split_at(80);
    assert!(PresignedIdentity::parse(&format!("{head}\n{tail}"), &expected()).is_ok());
    let json = exec_credential(&token, at("2026-11-24T07:14:00Z")).replace(head, &format!("{head}\r\n"));
    assert!(PresignedIdentity::parse(&json, &expected()).is_ok());
}

#[test]
fn nothing_that_is_printed_holds_the_token() {
    let shown = format!("{:?}", read(&url()).unwrap());
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("AKIAEXAMPLE"), "{shown}");
    let error = read(&url().replace(HOST, "user:secret@evil.example")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
}

#[test]
fn what_the_authenticator_refuses_is_refused() {
    let with = |from: &str, to: &str| {
        assert!(url().contains(from), "{from}");
        read(&url().replace(from, to)).unwrap_err()
    };
    let is_foreign = |error: TokenError| assert!(matches!(error, TokenError::Foreign { .. }), "{error}");
    is_foreign(with("https://", "http://"));
    is_foreign(with("/?", "/x?"));
    is_foreign(with("/?", "//?"));
    is_foreign(with("/?", "?"));
    is_foreign(with("GetCallerIdentity", "GetSessionToken"));
    is_foreign(with("2011-06-15", "2012-01-01"));
    is_foreign(with("host%3Bx-k8s-aws-id", "host"));
    is_foreign(with("host%3Bx-k8s-aws-id", "cookie%3Bhost%3Bx-k8s-aws-id"));
    is_foreign(with("host%3Bx-k8s-aws-id", "host%3Bx-k8s-aws-id%3B"));
    is_foreign(with("Expires=60", "Expires=901"));
    is_foreign(with("Expires=60", "Expires=-1"));
    is_foreign(with("Expires=60", "Expires="));
    is_foreign(with("Expires=60", "Expires=99999999999999999999"));
    is_foreign(with("X-Amz-Date=20261124T070000Z", "X-Amz-Date=yesterday"));
    is_foreign(with("X-Amz-Date=20261124T070000Z&", ""));
    is_foreign(with("20261124T070000Z", "20261324T070000Z"));
    is_foreign(with("20261124T070000Z", "2026112%2BT07000Z"));
    is_foreign(with("&X-Amz-Expires", "&Extra=1&X-Amz-Expires"));
    is_foreign(with("&X-Amz-Expires=60", "&X-Amz-Expires=60&x-amz-expires=60"));
    is_foreign(with("&X-Amz-Expires=60", "&X-Amz-Expires=60;X-Amz-Expires=60"));
    is_foreign(with("&X-Amz-Signature=0123456789abcdef", ""));
    is_foreign(with("AKIAEXAMPLE", ""));
    is_foreign(with("abcdef", "abcdef#x"));
    assert_eq!(with("%2Faws4_request", "%2"), TokenError::Damaged);
    assert_eq!(with("%2Faws4_request", "%zz"), TokenError::Damaged);
    assert_eq!(with("%2Faws4_request", "%FF"), TokenError::Damaged);
    assert_eq!(with("abcdef", "abc def"), TokenError::Damaged);
    assert_eq!(with("abcdef", "abc\u{e4}"), TokenError::Damaged);
}

#[test]
fn parameters_are_read_in_any_case() {
    assert!(read(&url().replace("X-Amz-Date", "x-amz-date").replace("Action", "action")).is_ok());
    assert!(read(&url().replace("Expires=60", "Expires=0")).is_ok());
    assert!(read(&url().replace("Expires=60", "Expires=900")).is_ok());
}

#[test]
fn a_token_is_made_for_the_host_that_the_sdks_would_ask_and_is_taken() {
    let host = |region: &str, fips, dual_stack| {
        let name = StsHost::regional(Partition::of_region(region).unwrap(), region, Variant { fips, dual_stack });
        assert!(StsHost::parse(&name).is_some(), "{name}");
        name
    };
    assert_eq!(host("us-east-1", false, false), "sts.us-east-1.amazonaws.com");
    assert_eq!(host("us-east-1", true, false), "sts-fips.us-east-1.amazonaws.com");
    assert_eq!(host("us-east-1", false, true), "sts.us-east-1.api.aws");
    assert_eq!(host("us-east-1", true, true), "sts-fips.us-east-1.api.aws");
    assert_eq!(host("us-gov-west-1", true, false), "sts.us-gov-west-1.amazonaws.com");
    assert_eq!(host("us-gov-west-1", true, true), "sts-fips.us-gov-west-1.api.aws");
    assert_eq!(host("cn-north-1", false, true), "sts.cn-north-1.api.amazonwebservices.com.cn");
}

#[test]
fn only_hosts_of_sts_are_ever_asked() {
    for host in [
        "sts.amazonaws.com",
        "sts.us-east-1.amazonaws.com",
        "sts-fips.us-west-2.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
        "sts.us-gov-west-1.amazonaws.com",
        "sts.us-iso-east-1.c2s.ic.gov",
        "sts.us-isob-east-1.sc2s.sgov.gov",
        "sts.eu-isoe-west-1.cloud.adc-e.uk",
        "sts.us-isof-south-1.csp.hci.ic.gov",
        "sts.eusc-de-east-1.amazonaws.eu",
        "sts.eu-west-1.api.aws",
        "sts-fips.us-east-1.api.aws",
        "sts-fips.us-gov-west-1.amazonaws.com",
        "sts.us-gov-east-1.api.aws",
        "sts.cn-north-1.api.amazonwebservices.com.cn",
        "sts.us-iso-east-1.api.aws.ic.gov",
        "sts.us-isob-east-1.api.aws.scloud",
        "sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
        "sts.us-isof-south-1.api.aws.hci.ic.gov",
        "sts.eusc-de-east-1.api.amazonwebservices.eu",
    ] {
        assert!(StsHost::parse(host).is_some(), "{host}");
        assert!(read(&url().replace(HOST, host)).is_ok(), "{host}");
    }
    for host in [
        "",
        "localhost",
        "127.0.0.1",
        "evil.example",
        "sts.amazonaws.com.evil.example",
        "sts.eu-west-1.amazonaws.com.evil.example",
        "sts.eu-west-1.amazonaws.com.",
        "STS.eu-west-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com:443",
        "sts.eu-west-1.amazonaws.com@evil.example",
        "evil.example\\.sts.eu-west-1.amazonaws.com",
        "xsts.eu-west-1.amazonaws.com",
        "sts.s3-us-west-2.amazonaws.com",
        "sts.s3.eu-west-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com",
        "sts.us-east-1.amazonaws.com.cn",
        "sts.api.aws",
        "sts.cn-north-1.api.aws",
        "sts.eu-west-1.api.aws.evil.example",
        "ecs.eu-west-1.api.aws",
        "sts..amazonaws.com",
        "sts.eu%2dwest-1.amazonaws.com",
        "169.254.169.254",
    ] {
        let error = read(&url().replace(HOST, host)).unwrap_err();
        assert!(matches!(error, TokenError::Host { .. } | TokenError::Foreign { .. }), "{host}: {error}");
    }
}

#[test]
fn a_vpc_endpoint_by_its_own_name_is_told_from_a_wrong_host() {
    let host = "vpce-0123456789abcdef0-abcdefgh.sts.eu-west-1.vpce.amazonaws.com";
    let error = read(&url().replace(HOST, host)).unwrap_err();
    assert!(matches!(error, TokenError::VpcEndpoint { .. }), "{error}");
    assert!(error.to_string().contains("AWS_ENDPOINT_URL_STS"), "{error}");
}

#[test]
fn other_partitions_can_be_left_out() {
    let context = ProofContext { partitions: vec![Partition::AwsCn], ..expected() };
    let error = PresignedIdentity::parse(&encode(&url()), &context).unwrap_err();
    assert_eq!(error, TokenError::Partition { partition: Partition::Aws });
    assert_eq!(
        StsHost::regional(Partition::AwsCn, "cn-north-1", Variant::default()),
        "sts.cn-north-1.amazonaws.com.cn"
    );
}

#[test]
fn a_token_is_taken_for_fifteen_minutes() {
    let read_at = |now: &str| PresignedIdentity::parse(&encode(&url()), &ProofContext { now: at(now), ..expected() });
    assert!(read_at("2026-11-24T07:15:00Z").is_ok());
    assert_eq!(read_at("2026-11-24T07:15:00.001Z").unwrap_err(), TokenError::Expired);
    assert!(read_at("2026-11-24T06:55:00Z").is_ok());
    assert_eq!(read_at("2026-11-24T06:54:59Z").unwrap_err(), TokenError::NotYetValid);
    assert!(read(&url().replace("20261124T070000Z", "99991231T235959Z")).is_err());
    assert_eq!(read(&url().replace("20261124T070000Z", "00000101T000000Z")).unwrap_err(), TokenError::Expired);
}

#[test]
fn a_token_is_found_in_what_a_terminal_or_a_tool_puts_around_it() {
    let (token, url) = (encode(&url()), url());
    let json = format!(r#"{{"kind": "ExecCredential", "status": {{"token": "{token}"}}}}"#);
    for paste in [
        format!("$ aws eks get-token --cluster-name demo\n{json}"),
        format!("The cache is stale\r\n{json}\n$ "),
        format!("kind: ExecCredential\nstatus:\n  token: {token}\n"),
        format!("token: \"{token}\""),
    ] {
        let read = PresignedIdentity::parse(&paste, &expected()).unwrap_or_else(|error| panic!("{paste}: {error}"));
        assert_eq!(read.url(), url, "{paste}");
    }
    let two = format!("{token}\n{token} x");
    assert!(PresignedIdentity::parse(&format!("first: {two}"), &expected()).is_err(), "which of them is meant?");
}

#[test]
fn pastes_of_something_else_say_what_to_paste() {
    let paste = |text: &str| PresignedIdentity::parse(text, &expected()).unwrap_err();
    assert_eq!(paste(" \n"), TokenError::Empty);
    assert_eq!(paste("arn:aws:iam::111122223333:user/jane"), TokenError::NotAToken);
    assert_eq!(paste("{}"), TokenError::NotAToken);
    assert_eq!(paste(r#"{"status":{"token":7}}"#), TokenError::NotAToken);
    assert_eq!(paste(r#"{"status":{"token":"eyJh"}}"#), TokenError::NotAToken);
    assert_eq!(paste(r#"{"status":{"tok"#), TokenError::Damaged);
    assert_eq!(paste("k8s-aws-v1.a"), TokenError::Damaged);
    assert_eq!(paste("k8s-aws-v1.=="), TokenError::Damaged);
    let long = format!("k8s-aws-v1.{}", "a".repeat(LONGEST));
    assert_eq!(paste(&long), TokenError::TooLong);
    assert_eq!(paste(&"x".repeat(1_000_000)), TokenError::TooLong);
}

#[test]
fn the_exec_credential_is_what_kubectl_reads() {
    let expires = at("2026-11-24T07:14:00Z") + SignedDuration::from_millis(5);
    assert_eq!(
        exec_credential("k8s-aws-v1.x", expires),
        r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{},"status":{"expirationTimestamp":"2026-11-24T07:14:00Z","token":"k8s-aws-v1.x"}}"#
    );
    let asked = ExecVersion::asked_for(r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}"#);
    assert!(exec_credential_in(asked, "t", expires).contains("client.authentication.k8s.io/v1\""));
    assert_eq!(ExecVersion::asked_for("nonsense"), ExecVersion::V1Beta1);
}

proptest! {
    #[test]
    fn no_paste_makes_reading_panic(text in ".{0,200}", query in "[ -~]{0,100}") {
        let _ = PresignedIdentity::parse(&text, &expected());
        let _ = read(&format!("https://{HOST}/?{query}"));
        let _ = read(&format!("https://{query}"));
        let _ = read(&url().replace("20261124T070000Z", &query));
    }
}
