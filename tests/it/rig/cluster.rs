//! A real cluster: etcd, kube-apiserver, the controllers that RBAC needs, and in front of it the
//! AWS IAM authenticator, which reads `kube-system/aws-auth` and asks STS who a token is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use super::aws::{Aws, AwsUser, REGION};
use super::certificates::{Authority, signing_keys};
use super::server::{Launch, Server};
use super::sts_proxy;
use super::tool::Tool;
use super::write;

/// The name of the cluster, which its tokens are made for.
pub const NAME: &str = "demo";
/// The bearer token of `admin`, who is in `system:masters`.
pub const ADMIN_TOKEN: &str = "admin-token-of-the-rig";
/// Cold, on two busy cores.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running cluster with AWS beside it. One serves the whole test binary: a test keeps to its own
/// namespaces and users, and edits aws-auth as if others did, too.
pub struct RealCluster {
    folder: PathBuf,
    server: String,
    authority: Authority,
    sts: String,
    aws: Aws,
    _servers: Vec<Server>,
}

static SHARED: LazyLock<Option<RealCluster>> = LazyLock::new(|| {
    let (started, cluster) = std::sync::mpsc::channel();
    // This thread goes on as STS.
    std::thread::spawn(move || {
        super::server_runtime().block_on(async {
            let prepared = RealCluster::start().await;
            let (cluster, sts) = prepared.unzip();
            let _ = started.send(cluster);
            if let Some(sts) = sts {
                sts.serve().await;
            }
        });
    });
    cluster.recv().expect("the cluster started; its thread said above why not")
});

/// What the thread of a cluster does for ever after.
struct Sts {
    listener: tokio::net::TcpListener,
    upstream: String,
    identity: super::certificates::Identity,
}

impl Sts {
    async fn serve(self) {
        sts_proxy::serve(self.listener, self.upstream, &self.identity).await;
    }
}

impl RealCluster {
    /// The one cluster of this test binary; starts it for whoever comes first (4 s). Nothing, said
    /// aloud, if a component is not installed.
    pub async fn shared() -> Option<&'static Self> {
        super::off_the_runtime(|| SHARED.as_ref()).await
    }

    /// A cluster of the test's own: for a test that needs aws-auth, or who Latchkey is, for itself. Its STS answers as
    /// long as the test's runtime runs.
    pub async fn own() -> Option<Self> {
        let (cluster, sts) = Self::start().await?;
        tokio::spawn(sts.serve());
        Some(cluster)
    }

    async fn start() -> Option<(Self, Sts)> {
        let etcd = Tool::Etcd.require()?;
        let apiserver = Tool::KubeApiserver.require()?;
        let controllers = Tool::KubeControllerManager.require()?;
        let authenticator = Tool::Authenticator.require()?;
        Tool::Moto.require()?;
        Tool::AwsCli.require()?;
        Tool::Kubectl.require()?;

        let folder = super::folder("cluster");
        let authority = Authority::new("latchkey rig");
        let ports = Ports::free();
        write_files(&folder, &authority, &ports);
        let sts = sts_proxy_socket(&authority);
        let proxy = format!("http://{}", sts.0.local_addr().expect("a bound listener has an address"));

        let etcd = start_etcd(etcd, &folder, &ports);
        let mut api = start_apiserver(apiserver, &folder, &ports);
        let aws = Aws::start(&folder).await?;
        let server = format!("https://127.0.0.1:{}", ports.api);
        let client = client_trusting(&authority);
        api.ready(PATIENCE, async || get(&client, &format!("{server}/readyz")).await.filter(|t| t == "ok")).await;
        let mut controllers = start_controllers(controllers, &folder);
        let mut front = start_authenticator(authenticator, &folder, &ports, &proxy);
        // The controllers fill the built-in roles from their parts.
        let view = format!("{server}/apis/rbac.authorization.k8s.io/v1/clusterroles/view");
        controllers.ready(PATIENCE, async || get(&client, &view).await.filter(|t| t.contains("\"pods\""))).await;
        let door = format!("127.0.0.1:{}", ports.authenticator);
        front.ready(PATIENCE, async || tokio::net::TcpStream::connect(&door).await.ok()).await;

        let upstream = aws.endpoint().to_owned();
        let servers = vec![front, controllers, api, etcd];
        let cluster = Self { folder, server, authority, sts: proxy, aws, _servers: servers };
        Some((cluster, Sts { listener: sts.0, upstream, identity: sts.1 }))
    }

    /// The API server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The authority that signed the API server's certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.certificate()
    }

    /// A kubeconfig file of `admin`.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// A client that is `admin`.
    pub fn admin(&self) -> kube::Client {
        let mut config = kube::Config::new(self.server.parse().expect("the server's address is one"));
        let pem = pem_body(self.ca_pem());
        config.root_cert = Some(vec![pem]);
        config.auth_info.token = Some(ADMIN_TOKEN.to_owned().into());
        kube::Client::try_from(config).expect("the rig's configuration is whole")
    }

    /// Maps a user in aws-auth by one more entry, and makes aws-auth if need be: others write it at the same time.
    pub async fn map(&self, arn: &str, username: &str, groups: &[&str]) {
        use k8s_openapi::api::core::v1::ConfigMap;
        let config_maps: kube::Api<ConfigMap> = kube::Api::namespaced(self.admin(), "kube-system");
        let entry = format!("- userarn: {arn}\n  username: {username}\n  groups: [{}]\n", groups.join(", "));
        let parameters = kube::api::PatchParams::default();
        loop {
            let Some(found) = config_maps.get_opt("aws-auth").await.expect("the API server answers") else {
                let object = serde_json::json!({ "metadata": { "name": "aws-auth" } });
                let object = serde_json::from_value(object).expect("it is a ConfigMap");
                // Somebody else may be first.
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
        self.folder.join("ca.crt")
    }

    /// The real kubectl as `admin`.
    pub fn kubectl(&self) -> Command {
        let mut command = Command::new(Tool::Kubectl.path());
        command.env("KUBECONFIG", self.admin_kubeconfig()).stdin(std::process::Stdio::null());
        command
    }

    /// The real kubectl as that user, who gets a token as people do, from `aws eks get-token`.
    pub fn kubectl_as(&self, user: &AwsUser) -> Command {
        let path = self.folder.join(format!("{}.kubeconfig", user.access_key_id));
        let exec = format!(
            "{{apiVersion: client.authentication.k8s.io/v1beta1, command: aws, interactiveMode: Never, \
             args: [--region, {REGION}, eks, get-token, --cluster-name, {NAME}]}}"
        );
        write(&path, &kubeconfig(&self.server, &self.folder, &format!("exec: {exec}")));
        let mut command = Command::new(Tool::Kubectl.path());
        command.env("KUBECONFIG", path).envs(user.environment()).stdin(std::process::Stdio::null());
        command
    }
}

/// The ports of the servers that must be told theirs.
struct Ports {
    etcd: u16,
    etcd_peers: u16,
    api: u16,
    authenticator: u16,
}

impl Ports {
    fn free() -> Self {
        let [etcd, etcd_peers, api, authenticator] = super::free_ports();
        Self { etcd, etcd_peers, api, authenticator }
    }
}

fn write_files(folder: &Path, authority: &Authority, ports: &Ports) {
    write(&folder.join("ca.crt"), authority.certificate());
    let api = authority.issue(&["localhost", "127.0.0.1", "kubernetes.default.svc"]);
    write(&folder.join("api.crt"), &api.certificate);
    write(&folder.join("api.key"), &api.key);
    let (private, public) = signing_keys();
    write(&folder.join("accounts.key"), &private);
    write(&folder.join("accounts.pub"), &public);
    write(&folder.join("tokens.csv"), &format!("{ADMIN_TOKEN},admin,1,\"system:masters\"\n"));
    let server = format!("https://127.0.0.1:{}", ports.api);
    write(&folder.join("admin.kubeconfig"), &kubeconfig(&server, folder, &format!("token: {ADMIN_TOKEN}")));

    let state = folder.join("authenticator");
    std::fs::create_dir(&state).expect("the rig's folder can be written");
    let door = authority.issue(&["localhost", "127.0.0.1"]);
    write(&state.join("cert.pem"), &door.certificate);
    write(&state.join("key.pem"), &door.key);
    let address = format!("https://127.0.0.1:{}/authenticate", ports.authenticator);
    write(&folder.join("webhook.kubeconfig"), &kubeconfig(&address, folder, "token: none"));
}

fn kubeconfig(server: &str, folder: &Path, user: &str) -> String {
    let ca = folder.join("ca.crt");
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: rig\n\
         clusters: [{{name: rig, cluster: {{server: \"{server}\", certificate-authority: \"{}\"}}}}]\n\
         users: [{{name: rig, user: {{{user}}}}}]\n\
         contexts: [{{name: rig, context: {{cluster: rig, user: rig}}}}]\n",
        ca.display()
    )
}

/// Bound before the authenticator starts, so that it has no time to find nobody there.
fn sts_proxy_socket(authority: &Authority) -> (tokio::net::TcpListener, super::certificates::Identity) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port of loopback is free");
    listener.set_nonblocking(true).expect("a socket can be made non-blocking");
    let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime takes the socket");
    (listener, authority.issue(&sts_proxy::HOSTS))
}

fn start_etcd(program: PathBuf, folder: &Path, ports: &Ports) -> Server {
    let clients = format!("http://127.0.0.1:{}", ports.etcd);
    let peers = format!("http://127.0.0.1:{}", ports.etcd_peers);
    Launch::new("etcd", program, folder)
        .args(["--data-dir", "etcd", "--unsafe-no-fsync"])
        .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("default={peers}")])
        .start()
}

fn start_apiserver(program: PathBuf, folder: &Path, ports: &Ports) -> Server {
    Launch::new("kube-apiserver", program, folder)
        .args([
            &format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            &format!("--secure-port={}", ports.api),
            "--tls-cert-file=api.crt",
            "--tls-private-key-file=api.key",
            "--cert-dir=certs",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-signing-key-file=accounts.key",
            "--service-account-key-file=accounts.pub",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--token-auth-file=tokens.csv",
            "--authentication-token-webhook-config-file=webhook.kubeconfig",
            "--authentication-token-webhook-cache-ttl=1s",
        ])
        .start()
}

/// Only what RBAC needs: built-in roles made from their parts, and namespaces that finish deleting.
fn start_controllers(program: PathBuf, folder: &Path) -> Server {
    Launch::new("kube-controller-manager", program, folder)
        .args([
            "--kubeconfig=admin.kubeconfig",
            "--leader-elect=false",
            "--controllers=clusterrole-aggregation-controller,namespace-controller",
            "--authentication-skip-lookup",
            "--service-account-private-key-file=accounts.key",
            "--secure-port=0",
        ])
        .start()
}

fn start_authenticator(program: PathBuf, folder: &Path, ports: &Ports, sts: &str) -> Server {
    Launch::new("aws-iam-authenticator", program, folder)
        .args(["server", "-i", NAME, "--backend-mode", "EKSConfigMap", "--kubeconfig", "admin.kubeconfig"])
        .args(["--kubeconfig-pregenerated=true", "--state-dir", "authenticator"])
        .args(["--address", "127.0.0.1", "--port", &ports.authenticator.to_string()])
        .env("HTTPS_PROXY", sts)
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("SSL_CERT_FILE", folder.join("ca.crt"))
        .env("AWS_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .start()
}

fn client_trusting(authority: &Authority) -> reqwest::Client {
    let certificate = reqwest::Certificate::from_pem(authority.certificate().as_bytes()).expect("a certificate is PEM");
    reqwest::Client::builder().tls_certs_only([certificate]).build().expect("a client can be made")
}

async fn get(client: &reqwest::Client, address: &str) -> Option<String> {
    let reply = client.get(address).bearer_auth(ADMIN_TOKEN).send().await.ok()?;
    reply.text().await.ok()
}

fn pem_body(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate is PEM").to_vec()
}
