//! Finds what `tests/rig/build` installed, and prints what is missing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder that `tests/rig/build` fills.
pub fn tools() -> PathBuf {
    latchkey_components::programs::tools().expect("HOME is set")
}

/// A program or folder that some test needs.
#[derive(Clone, Copy)]
pub enum Tool {
    Etcd,
    KubeApiserver,
    KubeControllerManager,
    Kubectl,
    Authenticator,
    /// The authenticator's own reading of aws-auth.
    Oracle,
    Moto,
    AwsCli,
    /// The folder with node's `oidc-provider` in it.
    OidcProvider,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::Authenticator => "aws-iam-authenticator",
            Self::Oracle => "aws-auth-oracle",
            Self::Moto => "moto",
            Self::AwsCli => "the AWS CLI",
            Self::OidcProvider => "oidc-provider",
        }
    }

    /// Where it is, if it is installed.
    pub fn path(self) -> PathBuf {
        let within = match self {
            Self::Moto => Path::new("venv/bin/moto_server").to_owned(),
            Self::AwsCli => Path::new("venv/bin/aws").to_owned(),
            Self::OidcProvider => Path::new("node/node_modules/oidc-provider").to_owned(),
            program => Path::new("bin").join(program.name()),
        };
        tools().join(within)
    }

    /// Where it is. If it is not installed, prints that the test is skipped.
    ///
    /// # Panics
    /// If it is missing and `CI=true`: there, nothing may be skipped.
    pub fn require(self) -> Option<PathBuf> {
        let path = self.path();
        if path.exists() {
            return Some(path);
        }
        skip(self.name(), &format!("{} is not there; 'make tools' installs it", path.display()));
        None
    }
}

/// Prints that the running test is skipped because a component is missing.
pub fn skip(component: &str, why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("SKIPPED: {test}: no {component} ({why})\n");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}with CI=true nothing may be skipped");
    // Not eprintln!: the test harness hides its output if the test passes.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(list) = std::env::var_os("LATCHKEY_SKIPPED")
        && let Ok(mut list) = std::fs::OpenOptions::new().append(true).open(list)
    {
        let _ = list.write_all(format!("no {component}: {test}\n").as_bytes());
    }
}
