//! How the stage's deployment is configured: the portal's settings, and the clients of AWS.

use super::{Backdrop, CLIENT_SECRET, DATABASE_PASSWORD, Door, Outside};
use crate::rig::{AwsUser, Database, aws::REGION};
use latchkey::{
    aws::{AccessKeys, Aws, AwsConfig},
    config,
};

/// A database URL with the password in it.
pub fn with_password(url: &str) -> String {
    url.replacen('@', &format!(":{DATABASE_PASSWORD}@"), 1)
}

/// The portal's settings, as an administrator would write them.
pub fn settings(door: &Door, backdrop: &Backdrop, database: &Database) -> config::Settings {
    let origin = door.url.origin().ascii_serialization();
    let usual = if backdrop.login.contains("scopes") {
        ""
    } else {
        "scopes = [\"openid\", \"profile\", \"email\", \"groups\"]\n"
    };
    let text = format!(
        "[server]\npublic_url = \"{origin}\"\nrequests_per_person = 100000\nforms_per_session = 100000\n\
         [login]\nsign_ins_per_address = 100000\nsign_ins_per_person = 100000\nproofs_per_person = 100000\n\
         issuer = \"{}\"\nclient_id = \"latchkey\"\nhandle_claim = \"{}\"\n\
         {usual}{}\n\
         [aws]\nregion = \"{REGION}\"\nsts_url = \"{}\"\n",
        backdrop.issuer, backdrop.handle_claim, backdrop.login, backdrop.sts_url,
    );
    let secret = ("LATCHKEY_LOGIN__CLIENT_SECRET".to_owned(), CLIENT_SECRET.to_owned());
    let web_url = ("LATCHKEY_DATABASE__WEB_URL".to_owned(), with_password(&database.url_as("latchkey_web")));
    let checked = config::settings::check("latchkey.toml", &text, &door.folder, [secret, web_url]);
    checked.settings.unwrap_or_else(|| panic!("{:?}", checked.faults))
}

/// AWS as the worker calls it.
pub async fn aws(outside: &Outside) -> Aws {
    let url = |text: &str| Some(text.parse().unwrap());
    let keys = AccessKeys {
        access_key_id: outside.worker.access_key_id.clone(),
        secret_access_key: outside.worker.secret_access_key.clone().into(),
        session_token: outside.worker.session_token.clone().map(Into::into),
    };
    Aws::new(&AwsConfig {
        region: REGION.to_owned(),
        iam_url: url(&outside.iam_url),
        sts_url: url(&outside.sts_url),
        eks_url: url(&outside.eks_url),
        keys: Some(keys),
        ..AwsConfig::default()
    })
    .await
}

/// IAM for the test's own looks.
pub async fn iam(backdrop: &Backdrop) -> aws_sdk_iam::Client {
    let worker = &backdrop.worker;
    let keys = aws_credential_types::Credentials::new(
        &worker.access_key_id,
        &worker.secret_access_key,
        None,
        None,
        "the stage",
    );
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .credentials_provider(keys)
        .region(aws_config::Region::new(REGION))
        .endpoint_url(&backdrop.iam_url)
        .load()
        .await;
    aws_sdk_iam::Client::new(&config)
}

/// EKS at this address, for a user with keys.
pub async fn eks(url: &str, user: &AwsUser) -> aws_sdk_eks::Client {
    let AwsUser { access_key_id, secret_access_key, .. } = user;
    let keys = aws_credential_types::Credentials::new(access_key_id, secret_access_key, None, None, "the stage");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .credentials_provider(keys)
        .region(aws_config::Region::new(REGION))
        .endpoint_url(url.trim_end_matches('/'))
        .load()
        .await;
    aws_sdk_eks::Client::new(&config)
}
