//! The real kubectl, with a kubeconfig as people download it and the AWS keys of one person.

use crate::rig::{AwsUser, tool::Tool};
use std::path::PathBuf;

/// kubectl as one person.
#[derive(Clone)]
pub struct Kubectl {
    kubeconfig: PathBuf,
    user: AwsUser,
}

/// The output of a command.
#[derive(Debug, Clone)]
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Kubectl {
    /// kubectl with this kubeconfig, written to a file of its own.
    pub fn new(folder: &std::path::Path, kubeconfig: &str, user: &AwsUser) -> Self {
        let path = folder.join(format!("{}.kubeconfig", uuid::Uuid::now_v7()));
        crate::rig::write(&path, kubeconfig);
        Self { kubeconfig: path, user: user.clone() }
    }

    /// Runs it; the arguments are separated by spaces.
    pub async fn run(&self, arguments: &str) -> Said {
        let mut command = tokio::process::Command::new(Tool::Kubectl.path());
        command.env("KUBECONFIG", &self.kubeconfig).envs(self.user.environment()).args(arguments.split(' '));
        // kubectl keeps its cache of the server's APIs below the home.
        command.env("HOME", self.kubeconfig.parent().unwrap()).stdin(std::process::Stdio::null());
        said(command).await
    }
}

/// What `aws eks get-token` prints for this person and cluster: the token alone, or the whole JSON.
pub async fn get_token(user: &AwsUser, cluster: &str, whole: bool) -> String {
    let mut command = tokio::process::Command::new(Tool::AwsCli.path());
    command.envs(user.environment()).args(["eks", "get-token", "--cluster-name", cluster]);
    if !whole {
        command.args(["--query", "status.token", "--output", "text"]);
    }
    let said = said(command).await;
    assert!(said.ok, "aws eks get-token: {}", said.err);
    said.out
}

async fn said(mut command: tokio::process::Command) -> Said {
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { ok: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
}

impl Said {
    /// Asserts a refusal: of the person, or of what they asked for.
    pub fn refused(&self) {
        assert!(!self.ok, "kubectl was not refused: {}", self.out);
        let known = ["Unauthorized", "Forbidden", "forbidden", "must be logged in", "provide credentials"];
        assert!(known.iter().any(|word| self.err.contains(word)), "refused for another reason: {}", self.err);
    }

    /// Asserts success, and returns the output.
    pub fn worked(&self) -> &str {
        assert!(self.ok, "kubectl failed: {}", self.err);
        &self.out
    }
}
