//! `latchkey token`: an exec credential for kubectl, like that of `aws eks get-token`, made with the AWS credentials
//! that the SDK finds: environment, profile (`AWS_PROFILE`, also of IAM Identity Center), web identity, container,
//! instance. It never prompts.

use super::say;
use crate::{
    aws::{
        http_client,
        token::{presign, variant},
    },
    machine,
    proxy::Proxies,
};
use anyhow::{Context, anyhow};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::ProvideCredentials;
use latchkey_domain::eks::token::{ANNOUNCED_LIFETIME, ExecVersion, exec_credential_in};
use secrecy::ExposeSecret;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster's name, as EKS knows it
    #[arg(long, value_name = "NAME")]
    cluster_name: String,
    /// The cluster's region [default: that of the environment or profile]
    #[arg(long)]
    region: Option<String>,
}

pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let proxies = Proxies::from_environment()?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(&proxies));
    if let Some(region) = &args.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let sdk = loader.load().await;
    let region = sdk.region().ok_or_else(|| anyhow!("no region is set: give --region, or set AWS_REGION"))?;
    let provider = sdk.credentials_provider().ok_or_else(|| anyhow!("there are no AWS credentials"))?;
    let credentials = provider.provide_credentials().await.context(
        "there are no AWS credentials: set AWS_PROFILE (of IAM Identity Center, after `aws sso login`; after `aws login`, \
             a profile whose `credential_process` is `aws configure export-credentials --profile NAME`), or \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )?;
    let now = machine::now();
    let token = presign(&credentials, (region.as_ref(), variant(&sdk)), &args.cluster_name, now)?;
    let version = ExecVersion::asked_for(&std::env::var("KUBERNETES_EXEC_INFO").unwrap_or_default());
    say(format_args!("{}", exec_credential_in(version, token.expose_secret(), now + ANNOUNCED_LIFETIME)))?;
    Ok(ExitCode::SUCCESS)
}
