//! A real cluster: etcd, kube-apiserver, the controllers that RBAC needs, and in front of it the AWS IAM authenticator,
//! which reads `kube-system/aws-auth`, and access entries if it is told of them, and asks STS whose token it got.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use latchkey_components::cluster::{Cluster, Prepared, Sts, Wanted};
use latchkey_components::entries::{AskedInOrder, EntryFiles};
use latchkey_components::programs::Programs;
use latchkey_components::sts_proxy::Answering;

use super::aws::{Aws, AwsUser, REGION};
use super::tool::Tool;
use super::write;

/// The name of the cluster, which its tokens are made for.
pub const NAME: &str = "demo";
/// The bearer token of `admin`, who is in `system:masters`.
pub const ADMIN_TOKEN: &str = "admin-token-of-the-rig";

/// A running cluster with AWS beside it. One serves the whole test binary: a test uses only namespaces and users of its
/// own, and edits aws-auth as one of several clients.
pub struct RealCluster {
    folder: PathBuf,
    cluster: Cluster,
    sts: String,
    aws: Aws,
}

static SHARED: LazyLock<Option<RealCluster>> = LazyLock::new(|| {
    let (started, cluster) = std::sync::mpsc::channel();
    // This thread goes on as STS.
    std::thread::spawn(move || {
        super::server_runtime().block_on(async {
            let prepared = RealCluster::start(None).await;
            let (cluster, sts) = prepared.unzip();
            let moto = cluster.as_ref().map(RealCluster::answering);
            let _ = started.send(cluster);
            if let Some((sts, moto)) = sts.zip(moto) {
                sts.serve(moto).await.expect("STS goes on");
            }
        });
    });
    cluster.recv().expect("the cluster started; its thread said above why not")
});

impl RealCluster {
    /// The one cluster of this test binary; the first test that needs it starts it (4 s). None, with a message, if a
    /// component is not installed.
    pub async fn shared() -> Option<&'static Self> {
        super::off_the_runtime(|| SHARED.as_ref()).await
    }

    /// A cluster of the test's own: for a test that needs aws-auth, or Latchkey's identity, for itself. Its STS answers
    /// as long as the test's runtime runs.
    pub async fn own() -> Option<Self> {
        Self::own_told(None).await
    }

    /// The same, whose authenticator is told of access entries if it is told what to ask at first.
    pub async fn own_told(told: Option<AskedInOrder>) -> Option<Self> {
        let (cluster, sts) = Self::start(told).await?;
        tokio::spawn(sts.serve(cluster.answering()));
        Some(cluster)
    }

    async fn start(told: Option<AskedInOrder>) -> Option<(Self, Sts)> {
        let programs = Programs {
            etcd: Tool::Etcd.require()?,
            apiserver: Tool::KubeApiserver.require()?,
            controllers: Tool::KubeControllerManager.require()?,
            authenticator: Tool::Authenticator.require()?,
        };
        Tool::Moto.require()?;
        Tool::AwsCli.require()?;
        Tool::Kubectl.require()?;

        let folder = super::folder("cluster");
        let wanted = Wanted { name: NAME, region: REGION, folder: &folder, lasting: false, told };
        let prepared = Prepared::new(wanted, ADMIN_TOKEN).await.expect("the rig's folder can be written");
        let sts = prepared.sts_endpoint().expect("a bound listener has an address");
        let (aws, started) = tokio::join!(Aws::start(&folder), prepared.start(&programs));
        let (cluster, answers) = started.unwrap_or_else(|e| panic!("{e:#}"));
        Some((Self { folder, cluster, sts, aws: aws? }, answers))
    }

    /// The service that STS asks for the user of a token.
    fn answering(&self) -> Answering {
        Answering::Moto(self.aws.endpoint().to_owned())
    }

    /// The API server's address.
    pub fn server(&self) -> &str {
        self.cluster.server()
    }

    /// The authority that signed the API server's certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        self.cluster.ca_pem()
    }

    /// The files that tell its authenticator of access entries, if it is told.
    pub fn entry_files(&self) -> Option<&EntryFiles> {
        self.cluster.entry_files()
    }

    /// A kubeconfig file of `admin`.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.cluster.admin_kubeconfig()
    }

    /// A client that is `admin`.
    pub fn admin(&self) -> kube::Client {
        let mut config = kube::Config::new(self.server().parse().expect("the server's address is one"));
        let pem = pem_body(self.ca_pem());
        config.root_cert = Some(vec![pem]);
        config.auth_info.token = Some(ADMIN_TOKEN.to_owned().into());
        kube::Client::try_from(config).expect("the rig's configuration is whole")
    }

    /// Maps a user by one more entry of aws-auth, which is created if need be: other tests write it at the same time.
    pub async fn map(&self, arn: &str, username: &str, groups: &[&str]) {
        use k8s_openapi::api::core::v1::ConfigMap;
        let config_maps: kube::Api<ConfigMap> = kube::Api::namespaced(self.admin(), "kube-system");
        let entry = format!("- userarn: {arn}\n  username: {username}\n  groups: [{}]\n", groups.join(", "));
        let parameters = kube::api::PatchParams::default();
        loop {
            let Some(found) = config_maps.get_opt("aws-auth").await.expect("the API server answers") else {
                let object = serde_json::json!({ "metadata": { "name": "aws-auth" } });
                let object = serde_json::from_value(object).expect("it is a ConfigMap");
                // Another test may create it first.
                let _ = config_maps.create(&kube::api::PostParams::default(), &object).await;
                continue;
            };
            let before = found.data.as_ref().and_then(|data| data.get("mapUsers")).map_or("", String::as_str);
            let change = serde_json::json!({
                "metadata": { "resourceVersion": found.metadata.resource_version },
                "data": { "mapUsers": format!("{before}{entry}") },
            });
            match config_maps.patch("aws-auth", &parameters, &kube::api::Patch::Merge(change)).await {
                Ok(_) => return,
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                Err(error) => panic!("failed to write aws-auth: {error}"),
            }
        }
    }

    /// IAM and STS.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// STS as `AWS_ENDPOINT_URL_STS` takes it; unlike moto's own it answers presigned calls, too. As
    /// `HTTPS_PROXY` it answers for the real hosts, trusted through [`Self::sts_ca_file`].
    pub fn sts_endpoint(&self) -> &str {
        &self.sts
    }

    /// The file with the authority that signed what the STS proxy shows.
    pub fn sts_ca_file(&self) -> PathBuf {
        self.cluster.ca_file()
    }

    /// The real kubectl, as `admin`.
    pub fn kubectl(&self) -> Command {
        let mut command = Command::new(Tool::Kubectl.path());
        command.env("KUBECONFIG", self.admin_kubeconfig()).stdin(std::process::Stdio::null());
        command
    }

    /// The real kubectl as this user, with a token from `aws eks get-token`, as people get it.
    pub fn kubectl_as(&self, user: &AwsUser) -> Command {
        let path = self.folder.join(format!("{}.kubeconfig", user.access_key_id));
        let exec = format!(
            "{{apiVersion: client.authentication.k8s.io/v1beta1, command: aws, interactiveMode: Never, \
             args: [--region, {REGION}, eks, get-token, --cluster-name, {NAME}]}}"
        );
        write(&path, &self.cluster.kubeconfig(&format!("exec: {exec}")));
        let mut command = Command::new(Tool::Kubectl.path());
        command.env("KUBECONFIG", path).envs(user.environment()).stdin(std::process::Stdio::null());
        command
    }
}

fn pem_body(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate is PEM").to_vec()
}
