//! A cluster as the worker sees it, simulated or real.

use super::super::{REGION, lease, simulator, unique, worker_of};
use crate::rig::{AwsUser, RealCluster, cluster::NAME};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use latchkey::aws::token::presign;
use latchkey::fault::{Fault, FaultKind};
use latchkey::kubernetes::{ApiServer, Content, WantedObservation};
use latchkey_domain::access::policy::PolicyFile;
use latchkey_domain::eks::arn::{ClusterArn, PrincipalArn};
use latchkey_domain::eks::rbac::{Attributes, BindingSpec, Provenance, Rule};
use latchkey_domain::eks::token::Variant;
use latchkey_domain::plan::bootstrap;
use latchkey_domain::plan::observation::{EksCluster, ObservedBinding};
use latchkey_domain::plan::proof::{AUTHENTICATED, Question};
use latchkey_simulator::{Simulator, kubernetes::Server};
use latchkey_testkit::{self as testkit, eks_cluster, policy_cluster, policy_file, profile};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The caches of a real server and the watch of the authenticator follow within this time.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A cluster as the worker sees it, an administrator who makes what the worker only reads, and a namespace of the
/// test's own.
pub struct World {
    pub cluster: ApiServer,
    pub described: EksCluster,
    pub admin: kube::Client,
    pub namespace: String,
    /// Keeps the simulator running.
    pub simulator: Option<Simulator>,
}

impl World {
    pub async fn simulated() -> Self {
        let simulator = simulator().await;
        let server = simulator.kubernetes("classic").unwrap();
        let worker = PrincipalArn::parse(&simulator.worker_arn().unwrap()).unwrap();
        let (key, line) = bootstrap::own_mapping(&worker);
        for object in bootstrap::manifests(&policy()).into_iter().chain([marker()]) {
            server.objects().put_raw(object, "bootstrap").unwrap();
        }
        server.objects().set_aws_auth(key, Some(&line), "bootstrap").unwrap();
        let aws = worker_of(&simulator).await;
        let arn = ClusterArn::parse(&simulator.cluster("classic").unwrap().arn).unwrap();
        let described = aws.describe_cluster(&arn).await.unwrap();
        let token = aws.cluster_token(&arn, Timestamp::now()).await.unwrap();
        let cluster = ApiServer::connect(&described, token, &latchkey::proxy::Proxies::default()).unwrap();
        let admin = administrator(&described, server.admin_token());
        Self::with(cluster, described, admin, Some(simulator)).await
    }

    pub async fn real() -> Option<Self> {
        static WORKER: OnceCell<AwsUser> = OnceCell::const_new();
        let real = RealCluster::shared().await?;
        let worker = WORKER.get_or_init(async || prepare(real).await).await;
        let described = EksCluster {
            arn: format!("arn:aws:eks:{REGION}:123456789012:cluster/{NAME}"),
            endpoint: real.server().to_owned(),
            certificate_authority: base64(real.ca_pem()),
            ..eks_cluster(NAME)
        };
        let credentials = aws_credential_types::Credentials::new(
            &worker.access_key_id,
            &worker.secret_access_key,
            None,
            None,
            "test",
        );
        let begun = Instant::now();
        let cluster = loop {
            let token = presign(&credentials, (REGION, Variant::default()), NAME, Timestamp::now()).unwrap();
            let cluster = ApiServer::connect(&described, token, &latchkey::proxy::Proxies::default()).unwrap();
            match cluster.observe(&WantedObservation::default()).await {
                Ok(_) => break cluster,
                // The authenticator follows aws-auth by a watch, and the API server follows RBAC by a watch.
                Err(fault) if matches!(fault.kind(), FaultKind::Refused { .. }) && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(fault) => panic!("{fault:?}"),
            }
        };
        Some(Self::with(cluster, described, real.admin(), None).await)
    }

    async fn with(
        cluster: ApiServer,
        described: EksCluster,
        admin: kube::Client,
        simulator: Option<Simulator>,
    ) -> Self {
        let world = Self { cluster, described, admin, namespace: unique("adapters"), simulator };
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": world.namespace } });
        make(&world.admin, &object).await;
        world
    }

    pub fn simulator(&self) -> &Simulator {
        self.simulator.as_ref().unwrap()
    }

    pub fn server(&self) -> &Server {
        self.simulator().kubernetes("classic").unwrap()
    }

    /// A binding of a new grant in the test's namespace.
    pub fn spec(&self, cluster_role: &str) -> BindingSpec {
        let grant = Uuid::now_v7();
        BindingSpec {
            installation: Uuid::nil(),
            grant,
            namespace: Some(self.namespace.clone()),
            cluster_role: cluster_role.to_owned(),
            user: format!("latchkey:{}:1", unique("jane")),
            provenance: Provenance {
                requester: "jane".to_owned(),
                deciders: vec!["omar".to_owned()],
                ends_by: "2030-01-01T00:00:00Z".parse().unwrap(),
            },
        }
    }

    pub async fn create(&self, spec: &BindingSpec, content: Content) -> Result<ObservedBinding, Fault> {
        self.cluster.create_binding(&lease().permit().unwrap(), spec, content).await
    }

    pub async fn get(&self, spec: &BindingSpec) -> Option<ObservedBinding> {
        self.cluster.get_binding(spec.namespace.as_deref(), &spec.name()).await.unwrap()
    }

    pub async fn delete(&self, spec: &BindingSpec, uid: &str) -> Result<(), Fault> {
        let lease = lease();
        let permit = lease.permit().unwrap();
        self.cluster.delete_binding(&permit, spec.namespace.as_deref(), &spec.name(), uid).await
    }

    pub fn asks(&self, spec: &BindingSpec, verb: &str, resource: &str) -> Question {
        let attributes = Attributes::of(verb, "", resource).in_namespace(&self.namespace);
        Question { user: spec.user.clone(), groups: vec![AUTHENTICATED.to_owned()], attributes }
    }
}

/// A policy with what the worker may hand out here.
fn policy() -> PolicyFile {
    policy_file()
        .with_clusters([policy_cluster("classic").of_stage("test")])
        .with_profiles([profile("view"), profile("logs").of_rules(own_rules())])
        .with_policies([testkit::policy("all").of(["view", "logs"]).on_stage("test")])
}

pub fn own_rules() -> Vec<Rule> {
    vec![Rule::of(&["get", "list"], &[""], &["pods", "pods/log"])]
}

fn marker() -> Value {
    bootstrap::config_maps().into_iter().find(|object| object["metadata"]["name"] == bootstrap::MARKER).unwrap()
}

/// A worker's user, mapped and bound as bootstrap says.
async fn prepare(real: &RealCluster) -> AwsUser {
    let worker = real.aws().user("latchkey-worker").await;
    let admin = real.admin();
    for object in bootstrap::manifests(&policy()).into_iter().chain([marker()]) {
        make(&admin, &object).await;
    }
    real.map(&worker.arn, bootstrap::WORKER, &[]).await;
    worker
}

/// Makes an object of any kind.
pub async fn make(admin: &kube::Client, object: &Value) {
    let mut object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
    let types = object.types.take().unwrap();
    let (group, version) = types.api_version.rsplit_once('/').unwrap_or(("", &types.api_version));
    let kind = kube::api::GroupVersionKind::gvk(group, version, &types.kind);
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(admin.clone(), namespace, &resource),
        None => Api::all_with(admin.clone(), &resource),
    };
    object.types = Some(types);
    api.create(&PostParams::default(), &object).await.unwrap();
}

fn administrator(described: &EksCluster, token: &str) -> kube::Client {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let mut config = kube::Config::new(described.endpoint.parse().unwrap());
    let pem = STANDARD.decode(&described.certificate_authority).unwrap();
    config.root_cert = Some(vec![CertificateDer::from_pem_slice(&pem).unwrap().to_vec()]);
    config.auth_info.token = Some(token.to_owned().into());
    kube::Client::try_from(config).unwrap()
}

pub fn base64(pem: &str) -> String {
    STANDARD.encode(pem)
}
