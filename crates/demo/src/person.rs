//! `latchkey-demo as HANDLE -- COMMAND...`: the real kubectl or aws with one person's keys; `as worker`: latchkey as
//! its operators run it; `as admin`: what an administrator does to the clusters by hand.

use crate::description::{self, DescribedUser, Description};
use anyhow::{Context as _, bail};
use base64::Engine as _;
use clap::Parser as _;
use latchkey_domain::eks::{
    arn::ClusterArn,
    kubeconfig::{ExecCommand, KubeconfigCluster, render},
};
use std::{
    ffi::OsString,
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Not a person: the machine on which the worker runs, with its keys and its latchkey.toml.
pub const WORKER: &str = "worker";

/// Not a person either: the administrator of the clusters, who may do everything.
pub const ADMIN: &str = "admin";

/// Runs a command as one of the demo's people, its worker or its administrator, and returns its exit code.
pub async fn run_as(data: &Path, handle: &str, command: &[String]) -> anyhow::Result<ExitCode> {
    let description = description::read(data)?;
    let keys = keys(&description, handle)?;
    let folder = home(data, handle)?;
    let kubeconfig = folder.join("kubeconfig");
    write_private(&kubeconfig, &kubeconfig_text(&description)?)?;
    let (program, arguments) = command.split_first().context("no command")?;
    let mut child = tokio::process::Command::new(program);
    child.args(arguments).env("PATH", path_with_tools(&folder)?);
    child.env("KUBECONFIG", &kubeconfig);
    child.env("AWS_ACCESS_KEY_ID", &keys.access_key_id).env("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key);
    for name in ["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        child.env_remove(name);
    }
    // The shell's variables for another Latchkey would lead the command there.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LATCHKEY_")) {
        child.env_remove(name);
    }
    child.envs(keys.session_token.iter().map(|token| ("AWS_SESSION_TOKEN", token)));
    if handle == WORKER {
        child.env("LATCHKEY_CONFIG", data.join("latchkey.toml"));
    }
    // Version 1 of the CLI reads only the second name.
    child.env("AWS_REGION", &description.aws.region).env("AWS_DEFAULT_REGION", &description.aws.region);
    child.env("AWS_EC2_METADATA_DISABLED", "true");
    child.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    // A token must name an STS host that authenticators know, so the endpoint is only replaced for direct calls to STS.
    let endpoint = &description.aws.endpoint;
    child.env("AWS_ENDPOINT_URL_IAM", endpoint).env("AWS_ENDPOINT_URL_EKS", endpoint);
    if arguments.iter().any(|argument| argument == "sts") {
        child.env("AWS_ENDPOINT_URL_STS", endpoint);
    }
    let status = child.status().await.with_context(|| match program.as_str() {
        "kubectl" => {
            "kubectl is not installed: get 1.28 or later as https://kubernetes.io/docs/tasks/tools/ says, and run \
                      this again"
                .to_owned()
        }
        "latchkey" => "latchkey is not beside this program: `make demo` builds it".to_owned(),
        _ => format!("failed to run {program}"),
    })?;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// The identity whose keys a command gets.
fn keys<'a>(description: &'a Description, handle: &str) -> anyhow::Result<&'a DescribedUser> {
    match handle {
        WORKER => return Ok(&description.worker),
        ADMIN => return Ok(&description.admin),
        _ => {}
    }
    let person = description.people.iter().find(|person| person.handle == handle);
    let person = person.with_context(|| {
        let known: Vec<&str> = description.people.iter().map(|person| person.handle.as_str()).collect();
        format!("there is no `{handle}`: {}, {WORKER}, {ADMIN}", known.join(", "))
    })?;
    person.aws.as_ref().with_context(|| format!("{} has no AWS user in the demo", person.name))
}

fn kubeconfig_text(description: &Description) -> anyhow::Result<String> {
    let clusters = description.clusters.iter().map(|cluster| {
        let ca = fs::read(&cluster.ca_file).with_context(|| format!("failed to read {}", cluster.ca_file))?;
        let arn = ClusterArn::parse(&cluster.arn)?;
        Ok(KubeconfigCluster {
            name: cluster.name.clone(),
            region: arn.region().to_owned(),
            arn,
            server: cluster.server.clone(),
            ca_pem_base64: base64::engine::general_purpose::STANDARD.encode(ca),
            namespace: None,
        })
    });
    let clusters = clusters.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(render(&clusters, None, &ExecCommand::aws()))
}

/// A home folder for the person that the command runs as.
fn home(data: &Path, handle: &str) -> anyhow::Result<PathBuf> {
    let folder = data.join("people").join(handle);
    fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    Ok(folder)
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}

/// PATH with the missing programs added. First: the latchkey beside this program, and an `aws` of the demo's that makes
/// the token that kubectl asks for. Last: the kubectl that `make demo` installed if there was none.
fn path_with_tools(folder: &Path) -> anyhow::Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let installed = |folders: &[PathBuf], name: &str| folders.iter().any(|folder| folder.join(name).is_file());
    let aws_missing = !installed(&folders, "aws");
    let tools = std::env::var_os("LATCHKEY_TOOLS").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/latchkey/tools"));
    if let Some(tools) = tools.or(home).map(|tools| tools.join("bin"))
        && tools.join("kubectl").is_file()
    {
        // `make demo` installs one there if PATH has none, or one that is too old.
        folders.insert(0, tools);
    }
    if aws_missing {
        folders.insert(0, own_aws(folder)?);
    }
    let ours = std::env::current_exe().context("failed to find this program")?;
    folders.splice(0..0, ours.parent().map(Path::to_owned));
    Ok(std::env::join_paths(folders)?)
}

fn own_aws(folder: &Path) -> anyhow::Result<PathBuf> {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin)?;
    let ours = std::env::current_exe().context("failed to find this program")?;
    let script = format!("#!/bin/sh\nexec '{}' aws \"$@\"\n", ours.display().to_string().replace('\'', r"'\''"));
    let aws = bin.join("aws");
    fs::write(&aws, script)?;
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755))?;
    Ok(bin)
}

/// Stands in for `aws [--region R] eks get-token --cluster-name N ...`, and for nothing else.
pub async fn aws(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned()
    };
    let asks_token = arguments.windows(2).any(|pair| pair == ["eks", "get-token"]);
    let Some(cluster) = value("--cluster-name").filter(|_| asks_token) else {
        bail!("only `aws eks get-token --cluster-name NAME` works here: install the AWS CLI for the rest");
    };
    let mut token = vec!["latchkey".to_owned(), "token".into(), "--cluster-name".into(), cluster];
    if let Some(region) = value("--region") {
        token.extend(["--region".into(), region]);
    }
    latchkey::cli::Cli::try_parse_from(token)?.run().await
}
