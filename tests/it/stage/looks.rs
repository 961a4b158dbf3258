//! What a test reads in the world without Latchkey.

use super::{Stage, caller, deployment};
use k8s_openapi::api::{core::v1::ConfigMap, rbac::v1::RoleBinding};
use latchkey_simulator::aws::HeldEntry;
use std::collections::BTreeMap;

impl Stage {
    /// A client of the first cluster's administrator.
    pub fn admin(&self) -> kube::Client {
        self.admin_of(0)
    }

    /// A client of a cluster's administrator.
    pub fn admin_of(&self, index: usize) -> kube::Client {
        let cluster = &self.clusters[index];
        let mut config = kube::Config::new(cluster.server.parse().unwrap());
        config.root_cert = Some(vec![caller::der(&cluster.ca_pem)]);
        config.auth_info.token = Some(cluster.admin_token.clone().into());
        kube::Client::try_from(config).unwrap()
    }

    /// `data` of aws-auth, as it is now.
    pub async fn aws_auth(&self) -> BTreeMap<String, String> {
        let api: kube::Api<ConfigMap> = kube::Api::namespaced(self.admin(), "kube-system");
        api.get("aws-auth").await.unwrap().data.unwrap_or_default()
    }

    /// The access entries that Latchkey made on the first cluster.
    pub fn own_entries(&self) -> Vec<HeldEntry> {
        let (_, name) = self.clusters[0].arn.rsplit_once('/').unwrap();
        let held = self.eks().aws().held_entries(name);
        held.into_iter().filter(|entry| entry.username.starts_with("latchkey:")).collect()
    }

    /// The bindings that Latchkey made in a namespace, by name, with their subjects.
    pub async fn bindings(&self, namespace: &str) -> Vec<(String, Vec<String>)> {
        let api: kube::Api<RoleBinding> = kube::Api::namespaced(self.admin(), namespace);
        let ours = kube::api::ListParams::default().labels("app.kubernetes.io/managed-by=latchkey");
        let subjects =
            |binding: &RoleBinding| binding.subjects.iter().flatten().map(|subject| subject.name.clone()).collect();
        let list = api.list(&ours).await.unwrap();
        list.iter().map(|binding| (binding.metadata.name.clone().unwrap(), subjects(binding))).collect()
    }

    /// The inline policies of a person's IAM user: names with documents.
    pub async fn iam_policies(&self, handle: &str) -> BTreeMap<String, String> {
        let name = &self.user(handle).name;
        let listed = self.iam.list_user_policies().user_name(name).send().await.unwrap();
        let mut policies = BTreeMap::new();
        for policy in listed.policy_names {
            let got = self.iam.get_user_policy().user_name(name).policy_name(&policy).send().await.unwrap();
            let document = percent_encoding::percent_decode_str(&got.policy_document).decode_utf8().unwrap();
            policies.insert(policy, document.into_owned());
        }
        policies
    }

    /// A client of EKS, as the worker's user.
    pub async fn eks_client(&self) -> aws_sdk_eks::Client {
        deployment::eks(&self.outside.eks_url, &self.outside.worker).await
    }

    /// A client of IAM, for reads of the test's own.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        self.iam.clone()
    }
}
