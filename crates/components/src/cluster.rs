//! A real cluster: etcd, kube-apiserver, the controllers that RBAC needs, and in front of it the AWS IAM authenticator,
//! which reads `kube-system/aws-auth`, and access entries if it is told of them, and asks STS for the identity of a
//! token.

use crate::{
    certificates::{Authority, Identity, signing_keys},
    entries::{self, AskedInOrder, EntryFiles},
    free_ports,
    programs::Programs,
    read,
    server::{Launch, Server},
    sts_proxy::{self, Answering},
    write,
};
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fmt,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::TcpListener;

/// For a cold start, on two busy cores.
const PATIENCE: Duration = Duration::from_mins(2);

/// The properties of a cluster to start.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The name that its tokens are made for.
    pub name: &'a str,
    /// The region whose STS its tokens may name, in addition to the global one.
    pub region: &'a str,
    /// The folder of all its files.
    pub folder: &'a Path,
    /// Whether the folder stays when the cluster ends, so that a later start finds its ports, keys and objects again.
    pub lasting: bool,
    /// What its authenticator asks at first, if [`EntryFiles`] are to tell it; `None` if it goes by aws-auth alone.
    pub told: Option<AskedInOrder>,
}

/// What clients need to know of a cluster, before it runs.
pub struct Prepared {
    name: String,
    region: String,
    folder: PathBuf,
    lasting: bool,
    told: Option<AskedInOrder>,
    kept: Kept,
    ca_pem: String,
    sts: TcpListener,
    sts_identity: Identity,
}

/// What a first start chooses and every later one keeps.
#[derive(Serialize, Deserialize)]
struct Kept {
    admin_token: String,
    etcd: u16,
    etcd_peers: u16,
    api: u16,
    authenticator: u16,
}

/// A running cluster; it ends when this is dropped.
pub struct Cluster {
    folder: PathBuf,
    server: String,
    ca_pem: String,
    admin_token: String,
    client: reqwest::Client,
    entry_files: Option<EntryFiles>,
    _servers: Vec<Server>,
}

/// The STS that the authenticator asks.
pub struct Sts {
    listener: TcpListener,
    identity: Identity,
}

impl Prepared {
    /// Chooses ports and makes keys and certificates, or reads those of the last start. `admin_token` becomes the
    /// bearer token of `admin`, who is in `system:masters`, if there are none yet.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub async fn new(wanted: Wanted<'_>, admin_token: &str) -> anyhow::Result<Self> {
        let Wanted { name, region, folder, lasting, told } = wanted;
        // The folder contains keys, and the administrator's token.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("failed to make {}", folder.display()))?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
            .with_context(|| format!("failed to keep others out of {}", folder.display()))?;
        let whole = folder.join("cluster.json");
        if !whole.exists() {
            let [etcd, etcd_peers, api, authenticator] = free_ports()?;
            let kept = Kept { admin_token: admin_token.to_owned(), etcd, etcd_peers, api, authenticator };
            write_files(folder, region, &kept)?;
            // Written last: a first start that was interrupted begins again.
            write(&whole, &serde_json::to_string_pretty(&kept)?)?;
        }
        let kept = serde_json::from_str(&read(&whole)?).with_context(|| format!("{} is damaged", whole.display()))?;
        Ok(Self {
            name: name.to_owned(),
            region: region.to_owned(),
            folder: folder.to_owned(),
            lasting,
            told,
            kept,
            ca_pem: read(&folder.join("ca.crt"))?,
            // Bound before the authenticator starts, so that the authenticator always finds a listener.
            sts: TcpListener::bind("127.0.0.1:0").await.context("no port of loopback is free")?,
            sts_identity: Identity { certificate: read(&folder.join("sts.crt"))?, key: read(&folder.join("sts.key"))? },
        })
    }

    /// The API server's address.
    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.kept.api)
    }

    /// The authority that signed the API server's certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The address of STS for `HTTPS_PROXY` and for `AWS_ENDPOINT_URL_STS`. There are no answers before [`Sts::serve`].
    ///
    /// # Errors
    /// The system does not tell the port.
    pub fn sts_endpoint(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.sts.local_addr().context("failed to learn the port of STS")?))
    }

    /// Starts everything, and waits until the built-in roles exist and the authenticator listens.
    ///
    /// # Errors
    /// A program ends or is not ready in time; the error contains the end of its log.
    pub async fn start(self, programs: &Programs) -> anyhow::Result<(Cluster, Sts)> {
        let (server, sts) = (self.server(), self.sts_endpoint()?);
        let etcd = self.start_etcd(&programs.etcd)?;
        let mut api = self.start_apiserver(&programs.apiserver)?;
        let certificate =
            reqwest::Certificate::from_pem(self.ca_pem.as_bytes()).context("ca.crt is not a certificate")?;
        let client = reqwest::Client::builder().tls_certs_only([certificate]).build().context("no client")?;
        let get = async |path: &str| {
            let reply = client.get(format!("{server}{path}")).bearer_auth(&self.kept.admin_token).send().await.ok()?;
            reply.error_for_status().ok()?.text().await.ok()
        };
        api.ready(PATIENCE, async || get("/readyz").await.filter(|text| text == "ok")).await?;
        let mut controllers = self.start_controllers(&programs.controllers)?;
        let mut front = self.start_authenticator(&programs.authenticator, &sts)?;
        // The controllers aggregate the built-in roles from their parts.
        let view = "/apis/rbac.authorization.k8s.io/v1/clusterroles/view";
        controllers.ready(PATIENCE, async || get(view).await.filter(|text| text.contains("\"pods\""))).await?;
        api.ready(PATIENCE, async || get("/api/v1/namespaces/kube-system").await).await?;
        let door = format!("127.0.0.1:{}", self.kept.authenticator);
        front.ready(PATIENCE, async || tokio::net::TcpStream::connect(&door).await.ok()).await?;
        let cluster = Cluster {
            entry_files: self.entry_files(),
            folder: self.folder,
            server,
            ca_pem: self.ca_pem,
            admin_token: self.kept.admin_token,
            client,
            _servers: vec![front, controllers, api, etcd],
        };
        Ok((cluster, Sts { listener: self.sts, identity: self.sts_identity }))
    }

    fn launch(&self, name: &'static str, program: &Path) -> Launch {
        Launch::new(name, program, &self.folder).lasting(self.lasting)
    }

    fn start_etcd(&self, program: &Path) -> anyhow::Result<Server> {
        let clients = format!("http://127.0.0.1:{}", self.kept.etcd);
        let peers = format!("http://127.0.0.1:{}", self.kept.etcd_peers);
        self.launch("etcd", program)
            .args(["--data-dir", "etcd", "--unsafe-no-fsync"])
            .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
            .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}")])
            .start()
    }

    fn start_apiserver(&self, program: &Path) -> anyhow::Result<Server> {
        self.launch("kube-apiserver", program)
            .args([
                &format!("--etcd-servers=http://127.0.0.1:{}", self.kept.etcd),
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                &format!("--secure-port={}", self.kept.api),
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

    /// Starts only the controllers that RBAC needs: aggregated built-in roles, and namespaces that finish deleting.
    fn start_controllers(&self, program: &Path) -> anyhow::Result<Server> {
        self.launch("kube-controller-manager", program)
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

    fn entry_files(&self) -> Option<EntryFiles> {
        self.told.map(|_| EntryFiles::within(&self.folder))
    }

    fn authenticator_settings(&self) -> Value {
        let aws_auth_alone = || json!({ "backendMode": [entries::AWS_AUTH] });
        let mut server = self.entry_files().map_or_else(aws_auth_alone, |files| files.settings());
        server["address"] = json!("127.0.0.1");
        server["port"] = json!(self.kept.authenticator);
        server["stateDir"] = json!("authenticator");
        server["kubeconfig"] = json!("admin.kubeconfig");
        server["kubeconfigPregenerated"] = json!(true);
        json!({ "clusterID": self.name, "server": server })
    }

    fn start_authenticator(&self, program: &Path, sts: &str) -> anyhow::Result<Server> {
        if let (Some(order), Some(files)) = (self.told, self.entry_files()) {
            files.write_entries(&[])?;
            files.write_order(order)?;
        }
        write(&self.folder.join("authenticator.json"), &self.authenticator_settings().to_string())?;
        self.launch("aws-iam-authenticator", program)
            .args(["server", "-c", "authenticator.json"])
            .env("HTTPS_PROXY", sts)
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("SSL_CERT_FILE", self.folder.join("ca.crt"))
            .env("AWS_REGION", &self.region)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .start()
    }
}

impl Sts {
    /// Answers for as long as it is polled.
    ///
    /// # Errors
    /// The socket fails.
    pub async fn serve(self, answering: Answering) -> anyhow::Result<()> {
        sts_proxy::serve(self.listener, answering, &self.identity).await
    }
}

impl Cluster {
    /// The API server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The authority that signed the API server's certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file with that authority, which also signed the certificate of the STS proxy.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// The files that tell its authenticator of access entries, if it is told.
    pub fn entry_files(&self) -> Option<&EntryFiles> {
        self.entry_files.as_ref()
    }

    /// A kubeconfig file for `admin`.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// A kubeconfig for this cluster, whose user has this one field.
    pub fn kubeconfig(&self, user: &str) -> String {
        kubeconfig(&self.server, &self.folder, user)
    }

    /// Creates an object, as `admin`; an existing object stays as it is.
    ///
    /// # Errors
    /// The API server refuses it.
    pub async fn create(&self, object: &Value) -> anyhow::Result<()> {
        let (kind, name) = (text(object, "/kind")?, text(object, "/metadata/name")?);
        let version = text(object, "/apiVersion")?;
        let root = if version.contains('/') { "apis" } else { "api" };
        let within = text(object, "/metadata/namespace").map(|namespace| format!("namespaces/{namespace}/"));
        // This is true for every kind that a cluster is prepared with.
        let plural = format!("{}s", kind.to_lowercase());
        let address = format!("{}/{root}/{version}/{}{plural}", self.server, within.unwrap_or_default());
        let request = self.client.post(address).bearer_auth(&self.admin_token).json(object);
        let reply = request.send().await.with_context(|| format!("failed to make {kind} {name}"))?;
        if reply.status().is_success() || reply.status() == http::StatusCode::CONFLICT {
            return Ok(());
        }
        bail!("failed to make {kind} {name}: {}", reply.text().await.unwrap_or_default())
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("folder", &self.folder).field("server", &self.server).finish_non_exhaustive()
    }
}

fn text<'a>(object: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    object.pointer(pointer).and_then(Value::as_str).with_context(|| format!("an object without {pointer}"))
}

fn write_files(folder: &Path, region: &str, kept: &Kept) -> anyhow::Result<()> {
    let authority = Authority::new("latchkey components")?;
    write(&folder.join("ca.crt"), authority.certificate())?;
    let identity = |certificate: PathBuf, key: PathBuf, names: &[&str]| {
        let issued = authority.issue(names)?;
        write(&certificate, &issued.certificate)?;
        write(&key, &issued.key)
    };
    let api = ["localhost", "127.0.0.1", "kubernetes.default.svc"];
    identity(folder.join("api.crt"), folder.join("api.key"), &api)?;
    let hosts = sts_proxy::hosts(region);
    identity(folder.join("sts.crt"), folder.join("sts.key"), &hosts.each_ref().map(String::as_str))?;
    let state = folder.join("authenticator");
    std::fs::create_dir_all(&state).with_context(|| format!("failed to make {}", state.display()))?;
    identity(state.join("cert.pem"), state.join("key.pem"), &["localhost", "127.0.0.1"])?;

    let (private, public) = signing_keys()?;
    write(&folder.join("accounts.key"), &private)?;
    write(&folder.join("accounts.pub"), &public)?;
    let token = &kept.admin_token;
    write(&folder.join("tokens.csv"), &format!("{token},admin,1,\"system:masters\"\n"))?;
    let server = format!("https://127.0.0.1:{}", kept.api);
    write(&folder.join("admin.kubeconfig"), &kubeconfig(&server, folder, &format!("token: {token}")))?;
    let address = format!("https://127.0.0.1:{}/authenticate", kept.authenticator);
    write(&folder.join("webhook.kubeconfig"), &kubeconfig(&address, folder, "token: none"))
}

fn kubeconfig(server: &str, folder: &Path, user: &str) -> String {
    let ca = folder.join("ca.crt");
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: own\n\
         clusters: [{{name: own, cluster: {{server: \"{server}\", certificate-authority: \"{}\"}}}}]\n\
         users: [{{name: own, user: {{{user}}}}}]\n\
         contexts: [{{name: own, context: {{cluster: own, user: own}}}}]\n",
        ca.display()
    )
}
