//! How dangers appear in rules: what to look for, and whether rules allow it.

use std::collections::BTreeSet;

use super::{Danger, Risk};
use crate::eks::rbac::Rule;
use crate::eks::rbac::capability::READING;

/// A right that the rules may allow: any of the verbs on any of the resources of one group.
pub(super) struct Probe(
    pub(super) &'static [&'static str],
    pub(super) &'static str,
    pub(super) &'static [&'static str],
);

pub(super) const READ: &[&str] = &READING;
pub(super) const WRITE: &[&str] = &["create", "update", "patch"];
pub(super) const ALTER: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
pub(super) const WORKLOADS: &[Probe] = &[
    Probe(WRITE, "", &["pods", "replicationcontrollers"]),
    Probe(WRITE, "apps", &["deployments", "daemonsets", "statefulsets", "replicasets"]),
    Probe(WRITE, "extensions", &["deployments", "daemonsets", "replicasets"]),
    Probe(WRITE, "batch", &["jobs", "cronjobs"]),
    // Resources that run pods under another name: controllers that many clusters have.
    Probe(WRITE, "argoproj.io", &["workflows", "cronworkflows", "workflowtemplates", "clusterworkflowtemplates"]),
    Probe(WRITE, "argoproj.io", &["rollouts", "experiments", "analysisruns", "analysistemplates"]),
    Probe(WRITE, "argoproj.io", &["sensors", "eventsources", "applications", "applicationsets"]),
    Probe(WRITE, "helm.toolkit.fluxcd.io", &["helmreleases"]),
    Probe(WRITE, "kustomize.toolkit.fluxcd.io", &["kustomizations"]),
    Probe(WRITE, "serving.knative.dev", &["services", "configurations", "revisions"]),
    Probe(WRITE, "sources.knative.dev", &["containersources", "sinkbindings"]),
    Probe(WRITE, "kubevirt.io", &["virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets"]),
    Probe(WRITE, "pool.kubevirt.io", &["virtualmachinepools"]),
    Probe(WRITE, "tekton.dev", &["tasks", "taskruns", "pipelines", "pipelineruns", "clustertasks", "customruns"]),
    Probe(WRITE, "triggers.tekton.dev", &["triggertemplates", "eventlisteners"]),
    Probe(WRITE, "velero.io", &["restores", "backups", "schedules"]),
    Probe(WRITE, "kubernetes.crossplane.io", &["objects", "observedobjectcollections"]),
    Probe(WRITE, "helm.crossplane.io", &["releases"]),
    Probe(WRITE, "pkg.crossplane.io", &["providers", "functions", "configurations", "deploymentruntimeconfigs"]),
    Probe(WRITE, "helm.cattle.io", &["helmcharts", "helmchartconfigs"]),
    Probe(
        WRITE,
        "operators.coreos.com",
        &["subscriptions", "clusterserviceversions", "installplans", "catalogsources"],
    ),
    Probe(WRITE, "keda.sh", &["scaledjobs"]),
    Probe(WRITE, "monitoring.coreos.com", &["prometheuses", "prometheusagents", "alertmanagers", "thanosrulers"]),
    Probe(
        WRITE,
        "kubeflow.org",
        &["notebooks", "pytorchjobs", "tfjobs", "mpijobs", "xgboostjobs", "jaxjobs", "trainjobs"],
    ),
    Probe(WRITE, "trainer.kubeflow.org", &["trainjobs", "trainingruntimes", "clustertrainingruntimes"]),
    Probe(WRITE, "ray.io", &["rayclusters", "rayjobs", "rayservices"]),
    Probe(WRITE, "sparkoperator.k8s.io", &["sparkapplications", "scheduledsparkapplications"]),
    Probe(WRITE, "batch.volcano.sh", &["jobs"]),
    Probe(WRITE, "actions.github.com", &["autoscalingrunnersets", "ephemeralrunners", "ephemeralrunnersets"]),
];
pub(super) const COMMANDS: &[Probe] = &[
    // On older servers, the authorizer sees a websocket's exec as a GET.
    Probe(&["create", "get"], "", &["pods/exec", "pods/attach"]),
    Probe(&["update", "patch"], "", &["pods/ephemeralcontainers"]),
    // Consoles of virtual machines, which KubeVirt runs in pods.
    Probe(
        &["create", "get"],
        "subresources.kubevirt.io",
        &["virtualmachineinstances/console", "virtualmachineinstances/vnc", "virtualmachineinstances/usbredir"],
    ),
];
pub(super) const TOKENS: &[Probe] = &[Probe(&["create"], "", &["serviceaccounts/token"])];
pub(super) const SIGNING_REQUEST: Probe = Probe(&["create"], "certificates.k8s.io", &["certificatesigningrequests"]);
pub(super) const SIGNING_APPROVAL: Probe =
    Probe(&["update", "patch"], "certificates.k8s.io", &["certificatesigningrequests/approval"]);

/// The dangers that a single one of several probes shows, the gravest first.
pub(super) const DANGERS: &[(Danger, Risk, &[Probe])] = &[
    (Danger::Escalates, Risk::Critical, &[Probe(&["escalate"], RBAC, &["roles", "clusterroles"])]),
    (Danger::Binds, Risk::Critical, &[Probe(&["bind"], RBAC, &["roles", "clusterroles"])]),
    (
        Danger::ReachesKubelets,
        Risk::Critical,
        &[Probe(&["get", "create", "update", "patch", "delete"], "", &["nodes/proxy"])],
    ),
    (
        Danger::ChangesAdmission,
        Risk::Critical,
        &[
            Probe(ALTER, ADMISSION, &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]),
            Probe(ALTER, ADMISSION, &["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"]),
            Probe(ALTER, ADMISSION, &["validatingadmissionpolicies", "validatingadmissionpolicybindings"]),
            Probe(ALTER, "apiregistration.k8s.io", &["apiservices"]),
            // Controllers that change or create the objects of other clients: a client that writes their rules can
            // write any object.
            Probe(ALTER, "kyverno.io", &["clusterpolicies", "policies"]),
            Probe(ALTER, "policies.kyverno.io", &["mutatingpolicies", "generatingpolicies", "imagevalidatingpolicies"]),
            Probe(ALTER, "mutations.gatekeeper.sh", &["assign", "assignmetadata", "assignimage", "modifyset"]),
        ],
    ),
    (Danger::ReadsSecrets, Risk::High, &[Probe(READ, "", &["secrets"])]),
    (Danger::ChangesSecrets, Risk::High, &[Probe(ALTER, "", &["secrets"])]),
    (Danger::RunsWorkloads, Risk::High, WORKLOADS),
    (Danger::RunsCommands, Risk::High, COMMANDS),
    (
        Danger::ReachesPods,
        Risk::High,
        &[Probe(
            &["get", "create", "update", "patch", "delete"],
            "",
            &["pods/portforward", "pods/proxy", "services/proxy"],
        )],
    ),
    (Danger::MintsTokens, Risk::High, TOKENS),
    (Danger::MakesVolumes, Risk::High, &[Probe(WRITE, "", &["persistentvolumes"])]),
    (Danger::ChangesNamespaces, Risk::High, &[Probe(ALTER, "", &["namespaces"])]),
    (Danger::ChangesNodes, Risk::High, &[Probe(ALTER, "", &["nodes"])]),
    (
        Danger::HandsOn,
        Risk::High,
        &[Probe(WRITE, RBAC, &["roles", "rolebindings", "clusterroles", "clusterrolebindings"])],
    ),
    (Danger::ChangesKinds, Risk::High, &[Probe(ALTER, "apiextensions.k8s.io", &["customresourcedefinitions"])]),
];

/// Creating these changes nothing: they are questions.
pub(super) const QUESTIONS: &[&str] = &[
    "subjectaccessreviews",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "selfsubjectreviews",
    "tokenreviews",
];

/// Whether the rules allow any of the probes. The names are those that they are limited to; empty for every name.
pub(super) fn find(rules: &[Rule], probes: &[Probe]) -> Option<Vec<String>> {
    let matching = rules.iter().filter(|rule| probes.iter().any(|probe| probe.matches(rule)));
    names_of(matching)
}

/// The names that the rules are limited to together; `None` without rules.
pub(super) fn names_of<'a>(rules: impl Iterator<Item = &'a Rule>) -> Option<Vec<String>> {
    let mut names = BTreeSet::new();
    let (mut any, mut limited) = (false, true);
    for rule in rules {
        any = true;
        limited &= !rule.resource_names.is_empty();
        names.extend(rule.resource_names.iter().cloned());
    }
    any.then(|| if limited { names.into_iter().collect() } else { Vec::new() })
}

impl Probe {
    fn matches(&self, rule: &Rule) -> bool {
        let Self(verbs, group, resources) = self;
        resources.iter().any(|resource| {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            verbs.iter().any(|verb| {
                // When an object is created, the authorizer does not know its name, and a collection has none: a rule
                // that is limited to names does not apply.
                let applied = rule.verbs.iter().any(|own| matches!(own.as_str(), "patch" | "update" | "*"));
                let nameless = match *verb {
                    // A user who may also patch it can create it by server-side apply, which names it.
                    "create" => !applied,
                    "deletecollection" => true,
                    _ => false,
                };
                let nameless = subresource.is_empty() && nameless;
                (!nameless || rule.resource_names.is_empty()) && rule.covers(verb, group, resource, subresource)
            })
        })
    }
}
