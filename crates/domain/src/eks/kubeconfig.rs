//! The kubeconfig that people download. It is what `aws eks update-kubeconfig` writes, one context per cluster, and it
//! contains no secret, since `aws` makes the token from the holder's own keys each time.

use serde_json::{Map, Value, json};

use super::arn::ClusterArn;
use super::yaml;

/// A cluster with what kubectl needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeconfigCluster {
    /// The name that people see in the portal.
    pub name: String,
    /// The cluster's ARN: the name of the cluster, user and context, and the name and region for which the token is
    /// made.
    pub arn: ClusterArn,
    /// The API server's URL.
    pub server: String,
    /// The CA bundle, PEM in base64, as EKS returns it; empty if the system's trust store is used.
    pub ca_pem_base64: String,
    /// The region whose STS makes the token.
    pub region: String,
    /// The namespace that kubectl uses unless told otherwise.
    pub namespace: Option<String>,
}

/// The program that kubectl runs for a token. It is called as `aws` is:
/// `--region R eks get-token --cluster-name N --output json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecCommand(String);

impl ExecCommand {
    /// `aws`, found on the PATH.
    pub fn aws() -> Self {
        Self("aws".to_owned())
    }

    /// Another program that understands the same arguments, by name or path.
    pub fn program(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The program.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ExecCommand {
    fn default() -> Self {
        Self::aws()
    }
}

/// Writes the kubeconfig. The first cluster is the current one; one that is given twice is written once, as first
/// given. `aws_profile` names a profile of the holder's own AWS configuration.
pub fn render(clusters: &[KubeconfigCluster], aws_profile: Option<&str>, command: &ExecCommand) -> String {
    let mut once: Vec<&KubeconfigCluster> = Vec::new();
    for cluster in clusters {
        if !once.iter().any(|other| other.arn == cluster.arn) {
            once.push(cluster);
        }
    }
    let current = once.first().map_or("", |cluster| cluster.arn.as_str());
    let document = json!({
        "apiVersion": "v1",
        "clusters": once.iter().map(|c| cluster_entry(c)).collect::<Vec<_>>(),
        "contexts": once.iter().map(|c| context_entry(c)).collect::<Vec<_>>(),
        "current-context": current,
        "kind": "Config",
        "preferences": {},
        "users": once.iter().map(|c| user_entry(c, aws_profile, command)).collect::<Vec<_>>(),
    });
    yaml::emit(&document)
}

fn cluster_entry(cluster: &KubeconfigCluster) -> Value {
    let mut inner = Map::new();
    if !cluster.ca_pem_base64.is_empty() {
        inner.insert("certificate-authority-data".to_owned(), cluster.ca_pem_base64.as_str().into());
    }
    inner.insert("server".to_owned(), cluster.server.as_str().into());
    json!({ "cluster": inner, "name": cluster.arn })
}

fn context_entry(cluster: &KubeconfigCluster) -> Value {
    let mut inner = Map::new();
    inner.insert("cluster".to_owned(), cluster.arn.as_str().into());
    if let Some(namespace) = &cluster.namespace {
        inner.insert("namespace".to_owned(), namespace.as_str().into());
    }
    inner.insert("user".to_owned(), cluster.arn.as_str().into());
    json!({ "context": inner, "name": cluster.arn })
}

fn user_entry(cluster: &KubeconfigCluster, aws_profile: Option<&str>, command: &ExecCommand) -> Value {
    let mut exec = Map::new();
    exec.insert("apiVersion".to_owned(), "client.authentication.k8s.io/v1beta1".into());
    let args = ["--region", &cluster.region, "eks", "get-token", "--cluster-name", cluster.arn.name()];
    exec.insert("args".to_owned(), args.into_iter().chain(["--output", "json"]).collect());
    exec.insert("command".to_owned(), command.as_str().into());
    if let Some(profile) = aws_profile {
        exec.insert("env".to_owned(), json!([{ "name": "AWS_PROFILE", "value": profile }]));
    }
    // A profile that needs an MFA code asks for it; without a terminal, it fails instead of hanging.
    exec.insert("interactiveMode".to_owned(), "IfAvailable".into());
    exec.insert("provideClusterInfo".to_owned(), false.into());
    json!({ "name": cluster.arn, "user": { "exec": exec } })
}

#[cfg(test)]
mod tests {
    use super::{ExecCommand, KubeconfigCluster, render};
    use crate::eks::arn::ClusterArn;

    fn cluster(name: &str, namespace: Option<&str>) -> KubeconfigCluster {
        KubeconfigCluster {
            name: name.to_owned(),
            arn: ClusterArn::parse(&format!("arn:aws:eks:eu-west-1:111122223333:cluster/{name}")).unwrap(),
            server: format!("https://{name}.example:6443"),
            ca_pem_base64: "LS0tLS1CRUdJTg==".to_owned(),
            region: "eu-west-1".to_owned(),
            namespace: namespace.map(str::to_owned),
        }
    }

    #[test]
    fn one_cluster_is_written_as_aws_writes_it() {
        let text = render(&[cluster("prod", Some("payments"))], Some("my: profile"), &ExecCommand::aws());
        assert_eq!(
            text,
            r#"apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: "LS0tLS1CRUdJTg=="
    server: https://prod.example:6443
  name: arn:aws:eks:eu-west-1:111122223333:cluster/prod
contexts:
- context:
    cluster: arn:aws:eks:eu-west-1:111122223333:cluster/prod
    namespace: payments
    user: arn:aws:eks:eu-west-1:111122223333:cluster/prod
  name: arn:aws:eks:eu-west-1:111122223333:cluster/prod
current-context: arn:aws:eks:eu-west-1:111122223333:cluster/prod
kind: Config
preferences: {}
users:
- name: arn:aws:eks:eu-west-1:111122223333:cluster/prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - "--region"
      - eu-west-1
      - eks
      - get-token
      - "--cluster-name"
      - prod
      - "--output"
      - json
      command: aws
      env:
      - name: AWS_PROFILE
        value: "my: profile"
      interactiveMode: IfAvailable
      provideClusterInfo: false
"#
        );
    }

    #[test]
    fn each_cluster_has_one_context_and_the_first_is_current() {
        let clusters = [cluster("b", None), cluster("a", None), cluster("b", Some("x"))];
        let text = render(&clusters, None, &ExecCommand::program("/opt/latch key/aws"));
        assert_eq!(text.matches("- context:").count(), 2);
        assert!(text.contains("current-context: arn:aws:eks:eu-west-1:111122223333:cluster/b\n"));
        assert!(text.contains("command: \"/opt/latch key/aws\"\n") && !text.contains("env:"));
    }

    #[test]
    fn a_ca_that_is_unknown_is_left_out() {
        let mut one = cluster("a", None);
        one.ca_pem_base64.clear();
        assert!(!render(&[one], None, &ExecCommand::aws()).contains("certificate-authority-data"));
    }
}
