//! One cluster, from EKS's description to a dry run of the writes.

mod templates;

use super::{
    Desk, ahead_of,
    aws::Caller,
    database::error_text,
    report::CheckResult,
    rights::{self, CONFIG_MAPS},
    told, within,
};
use crate::{
    aws::{Aws, KnownEntity},
    fault::FaultKind,
    kubernetes::ApiServer,
    machine,
    store::inspect::{self, KnownCluster},
    words::doctor::{self, cluster as words},
};
use futures::{FutureExt as _, StreamExt as _, stream};
use jiff::Timestamp;
use latchkey_domain::{
    access::policy::{PolicyCluster, PolicyFile},
    eks::{
        arn::PrincipalArn,
        aws_auth::{AwsAuth, MappingSource, Severity, is_of_caller},
    },
    plan::{
        authenticator::MASTERS,
        bootstrap::{WORKER, config_maps, own_mapping, to_yaml},
        observation::{AccessEntry, AuthenticationMode, AwsAuthObject, EksCluster, Marker},
    },
};
use std::collections::BTreeSet;

/// The clock skew in seconds from which it is a warning; tokens are refused from 15 min.
const FAR: i64 = 60;

/// The most IAM users of a cluster that are looked up.
const MOST_USERS: usize = 200;
const USERS_AT_ONCE: usize = 8;

/// A cluster under examination.
struct ClusterLook<'a> {
    desk: &'a Desk<'a>,
    policy: &'a PolicyFile,
    aws: &'a Aws,
    caller: &'a Caller,
    cluster: &'a PolicyCluster,
}

/// Checks a cluster. Checks that depend on one that failed are left out.
pub async fn look(
    desk: &Desk<'_>,
    policy: &PolicyFile,
    aws: &Aws,
    caller: &Caller,
    cluster: &PolicyCluster,
) -> Vec<CheckResult> {
    ClusterLook { desk, policy, aws, caller, cluster }.all().await
}

impl ClusterLook<'_> {
    async fn all(&self) -> Vec<CheckResult> {
        let known = self.known().await;
        let mut findings = Vec::new();
        let described = match tokio::time::timeout(self.desk.limit, self.aws.describe_cluster(&self.cluster.arn)).await
        {
            Ok(Ok(described)) => described,
            Ok(Err(fault)) => return vec![CheckResult::failed("cluster.eks", words::not_described(&told(&fault)))],
            Err(_elapsed) => {
                return vec![CheckResult::failed("cluster.eks", words::not_described("no answer in time"))];
            }
        };
        findings.extend(about(&described, known.as_ref().ok().and_then(Option::as_ref), self.cluster));
        let listed = match tokio::time::timeout(self.desk.limit, self.entries(&described)).await {
            Ok((found, listed)) => {
                findings.extend(found);
                listed
            }
            Err(_elapsed) => {
                findings.push(CheckResult::failed("cluster.entries", doctor::timed_out(self.desk.limit.as_secs())));
                vec![]
            }
        };
        let connected = match self.aws.cluster_token(&self.cluster.arn, machine::now()).await {
            Ok(token) => ApiServer::connect(&described, token, self.aws.cluster_proxies()),
            Err(fault) => Err(fault),
        };
        let api = match connected {
            Ok(api) => api,
            Err(fault) => {
                findings.push(CheckResult::failed("cluster.api", words::unreachable(&told(&fault))));
                return findings;
            }
        };
        match tokio::time::timeout(self.desk.limit, api.date()).await {
            Ok(Ok(date)) => findings.extend(reached(&described, date)),
            Ok(Err(fault)) => {
                findings.push(CheckResult::failed("cluster.api", words::unreachable(&told(&fault))));
                return findings;
            }
            Err(_elapsed) => {
                findings.push(CheckResult::failed("cluster.api", words::unreachable("no answer in time")));
                return findings;
            }
        }
        let (is_known, who) = self.who(&api).await;
        findings.extend(who);
        if is_known {
            findings.extend(self.inside(&api, known, described.mode, &listed).await);
            let missing = self.missing(&api, described.mode, &listed);
            findings.extend(within(self.desk.limit, "cluster.principals", missing).await);
            let templates = self.templates(&api, described.mode);
            findings.extend(within(self.desk.limit, "cluster.templates", templates).await);
        }
        findings
    }

    /// Whether the IAM users that lines and access entries name are there. A user that is made again under such a name
    /// gets in by the line; its entry is dead.
    async fn missing(&self, api: &ApiServer, mode: AuthenticationMode, listed: &[AccessEntry]) -> Vec<CheckResult> {
        const CHECK: &str = "cluster.principals";
        let object = match mode {
            AuthenticationMode::Api => Ok(None),
            AuthenticationMode::ConfigMap | AuthenticationMode::ApiAndConfigMap => api.aws_auth().await,
        };
        let Ok(object) = object else {
            return vec![CheckResult::not_checked(CHECK, "the IAM users that it names: first aws-auth has to be read")];
        };
        let lines = object.map(|object| AwsAuth::read(&object.data));
        let lines = lines.iter().flat_map(|auth| &auth.identities().users).map(|line| line.userarn.as_str());
        let named: BTreeSet<&str> = lines.chain(listed.iter().map(|entry| entry.arn.as_str())).collect();
        let users = named.into_iter().filter_map(|arn| match PrincipalArn::parse(arn) {
            Ok(PrincipalArn::User(user)) => Some(user),
            Ok(PrincipalArn::Role(_)) | Err(_) => None,
        });
        let users: Vec<_> = users.collect();
        let left_out = users.len().saturating_sub(MOST_USERS);
        let calls: Vec<_> = users
            .into_iter()
            .take(MOST_USERS)
            .map(|user| async move { (self.aws.known_user(&user).await, user.to_string()) }.boxed())
            .collect();
        let answers: Vec<_> = stream::iter(calls).buffered(USERS_AT_ONCE).collect().await;
        let unknown =
            answers.iter().filter(|(known, _)| !matches!(known, Ok(KnownEntity::Is(_) | KnownEntity::NotThere)));
        let unknown = unknown.count() + left_out;
        let gone = answers.into_iter().filter(|(known, _)| matches!(known, Ok(KnownEntity::NotThere)));
        let gone: Vec<String> = gone.map(|(_, arn)| arn).collect();
        vec![match (gone.is_empty(), unknown) {
            (false, _) => CheckResult::warning(CHECK, words::gone_users(&gone)),
            (true, 0) => CheckResult::ok(CHECK, "the IAM users that it names are there"),
            (true, unknown) => CheckResult::ok(
                CHECK,
                format!("no IAM user that it names is known to be gone; {unknown} were not looked up"),
            ),
        }]
    }

    async fn known(&self) -> Result<Option<KnownCluster>, String> {
        let Some(store) = &self.desk.store else { return Err("no login to the database came about".to_owned()) };
        inspect::cluster(store, &self.cluster.name).await.map_err(|error| error_text(&error))
    }

    /// Access entries, if the cluster has them: the list, and one entry looked up as the worker does. The second value is
    /// the list.
    async fn entries(&self, described: &EksCluster) -> (Vec<CheckResult>, Vec<AccessEntry>) {
        const CHECK: &str = "cluster.entries";
        let arn = &self.cluster.arn;
        match described.mode {
            AuthenticationMode::ApiAndConfigMap | AuthenticationMode::Api => {}
            AuthenticationMode::ConfigMap => {
                return (vec![CheckResult::ok(CHECK, "it has no access entries in the mode CONFIG_MAP")], vec![]);
            }
        }
        let listed = match self.aws.access_entries(arn).await {
            Ok(listed) => listed,
            Err(fault) => {
                let words = words::unlisted_entries(&told(&fault), "eks:ListAccessEntries");
                return (vec![CheckResult::failed(CHECK, words)], vec![]);
            }
        };
        let Some(principal) = &self.caller.principal else { return (vec![], listed) };
        let right = "eks:DescribeAccessEntry and eks:ListAssociatedAccessPolicies";
        let found = match self.aws.access_entry(arn, principal).await {
            Ok(_) => CheckResult::ok(CHECK, format!("its access entries can be looked at: {}", listed.len())),
            Err(fault) => CheckResult::failed(CHECK, words::unlisted_entries(&told(&fault), right)),
        };
        (vec![found], listed)
    }

    /// The identity that the API server sees; the first value is whether it accepts the token.
    async fn who(&self, api: &ApiServer) -> (bool, Vec<CheckResult>) {
        const CHECK: &str = "cluster.identity";
        let who = match tokio::time::timeout(self.desk.limit, api.who_am_i()).await {
            Ok(who) => who,
            Err(_elapsed) => {
                return (false, vec![CheckResult::failed(CHECK, words::unreachable("no answer in time"))]);
            }
        };
        let identity = match who {
            Ok(identity) => identity,
            Err(fault) if fault.is_not_found() => {
                let what = "under which name it is known, which API servers before Kubernetes 1.28 do not say";
                return (true, vec![CheckResult::not_checked(CHECK, what)]);
            }
            Err(fault) if matches!(fault.kind(), FaultKind::Refused { .. }) => {
                let unknown = CheckResult::failed(CHECK, words::unknown_worker(&self.caller.identity.arn));
                return (
                    false,
                    vec![match &self.caller.principal {
                        Some(principal) => {
                            let (key, entry) = own_mapping(principal);
                            unknown.pasting("yaml", &format!("{key} of kube-system/aws-auth"), entry)
                        }
                        None => unknown,
                    }],
                );
            }
            Err(fault) => return (false, vec![CheckResult::failed(CHECK, words::unreachable(&told(&fault)))]),
        };
        let own: Vec<String> =
            identity.groups.iter().filter(|group| *group != "system:authenticated").cloned().collect();
        let mut findings = Vec::new();
        if identity.username == WORKER {
            findings.push(CheckResult::ok(CHECK, format!("its API server knows the worker as `{WORKER}`")));
        } else {
            findings.push(CheckResult::failed(CHECK, words::other_name(&identity.username, WORKER)));
        }
        if own.iter().any(|group| group == MASTERS) || !own.is_empty() {
            findings.push(CheckResult::warning(CHECK, words::has_groups(&own)));
        }
        (true, findings)
    }

    /// The checks that need a token which the API server accepts.
    async fn inside(
        &self,
        api: &ApiServer,
        known: Result<Option<KnownCluster>, String>,
        mode: AuthenticationMode,
        listed: &[AccessEntry],
    ) -> Vec<CheckResult> {
        let limit = self.desk.limit;
        let mut findings = within(limit, "cluster.rbac", rights::look(api, self.policy)).await;
        let short = rights::is_short(&findings);
        let (maps, versions) = match tokio::time::timeout(limit, self.config_maps(api, known, mode, listed)).await {
            Ok(found) => found,
            Err(_elapsed) => {
                (vec![CheckResult::failed("cluster.config_maps", doctor::timed_out(limit.as_secs()))], vec![])
            }
        };
        findings.extend(maps);
        if short {
            let what = "whether its API server would take the worker's writes: first the rights that are missing";
            findings.push(CheckResult::not_checked("cluster.rehearsal", what));
        } else {
            let rehearsal = rights::rehearse(api, self.policy, &versions);
            findings.extend(within(limit, "cluster.rehearsal", rehearsal).await);
        }
        findings
    }

    /// Checks aws-auth and the marker; the second value is their resource versions.
    async fn config_maps(
        &self,
        api: &ApiServer,
        known: Result<Option<KnownCluster>, String>,
        mode: AuthenticationMode,
        listed: &[AccessEntry],
    ) -> (Vec<CheckResult>, Vec<(&'static str, String)>) {
        let (aws_auth, marker) = tokio::join!(api.aws_auth(), api.marker());
        // Read after the marker, since a run writes its epoch there only once the database has it.
        let known = match known {
            Ok(_) => self.known().await,
            unknown => unknown,
        };
        let [auth_name, marker_name] = CONFIG_MAPS;
        let (mut findings, mut versions) = (Vec::new(), Vec::new());
        match aws_auth {
            Ok(Some(object)) => {
                versions.push((auth_name, object.resource_version.clone()));
                findings.extend(self.about_aws_auth(&object, mode, listed));
            }
            Ok(None) if mode == AuthenticationMode::Api => {
                findings
                    .push(CheckResult::ok("cluster.aws_auth", "it has no aws-auth, which the mode API does not read"));
            }
            Ok(None) => findings.push(absent("cluster.aws_auth", auth_name)),
            Err(fault) if rights::is_refused(&fault) => {
                findings.push(CheckResult::not_checked("cluster.aws_auth", "aws-auth: first the right to read it"));
            }
            Err(fault) => {
                findings.push(CheckResult::failed("cluster.aws_auth", words::unread("aws-auth", &told(&fault))));
            }
        }
        match marker {
            Ok(Some(marker)) => {
                versions.push((marker_name, marker.resource_version.clone()));
                findings.extend(self.about_marker(&marker, known));
            }
            Ok(None) => findings.push(absent("cluster.marker", marker_name)),
            Err(fault) if rights::is_refused(&fault) => {
                findings.push(CheckResult::not_checked("cluster.marker", "the marker: first the right to read it"));
            }
            Err(fault) => {
                findings.push(CheckResult::failed("cluster.marker", words::unread("the marker", &told(&fault))));
            }
        }
        (findings, versions)
    }

    fn about_aws_auth(
        &self,
        object: &AwsAuthObject,
        mode: AuthenticationMode,
        listed: &[AccessEntry],
    ) -> Vec<CheckResult> {
        const CHECK: &str = "cluster.aws_auth";
        let auth = AwsAuth::read(&object.data);
        let mut lint = auth.lint();
        if mode == AuthenticationMode::ConfigMap {
            lint.extend(auth.lint_of_nodes());
        }
        let of = |severity: Severity| -> Vec<String> {
            let with = lint.iter().filter(|finding| finding.severity == severity);
            with.map(|finding| format!("{} line {}: {}", finding.key.as_str(), finding.line, finding.message)).collect()
        };
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let mut findings = Vec::new();
        if !errors.is_empty() {
            findings.push(CheckResult::failed(CHECK, words::lint(&errors, true)));
        }
        if !warnings.is_empty() {
            findings.push(CheckResult::warning(CHECK, words::lint(&warnings, false)));
        }
        let overridden = auth.identities().overridden_by(listed.iter().map(|entry| entry.arn.as_str()));
        if !overridden.is_empty() && mode != AuthenticationMode::Api {
            findings.push(CheckResult::warning(CHECK, words::overridden(&overridden)));
        }
        if findings.is_empty() {
            findings.push(CheckResult::ok(CHECK, "aws-auth reads well"));
        }
        let caller = &self.caller.identity.arn;
        let has_entry =
            mode != AuthenticationMode::ConfigMap && listed.iter().any(|entry| is_of_caller(&entry.arn, caller));
        findings.push(match auth.identities().lookup(caller).map(|mapped| mapped.source) {
            _ if has_entry => CheckResult::ok("cluster.mapping", "the worker is known by its access entry"),
            Some(MappingSource::Role(_)) => CheckResult::ok("cluster.mapping", "the worker stands in mapRoles"),
            Some(MappingSource::User(_)) => CheckResult::warning("cluster.mapping", words::mapped_as_user()),
            Some(MappingSource::Account(_)) => CheckResult::warning("cluster.mapping", words::mapped_by_account()),
            None => CheckResult::ok("cluster.mapping", "the worker is known by an access entry, not by aws-auth"),
        });
        findings
    }

    fn about_marker(&self, marker: &Marker, known: Result<Option<KnownCluster>, String>) -> Vec<CheckResult> {
        const CHECK: &str = "cluster.marker";
        let name = self.cluster.name.as_str();
        let known = match known {
            Ok(Some(known)) => known,
            Ok(None) => {
                return vec![CheckResult::not_checked(CHECK, "the marker: the policy that rules has no such cluster")];
            }
            Err(why) => return vec![CheckResult::not_checked(CHECK, format!("the marker: {why}"))],
        };
        let mut findings = Vec::new();
        if let Some(why) = &known.entries_refused {
            let said = crate::words::blocker::sentence(why);
            findings.push(CheckResult::warning("cluster.new_entries", words::no_new_entries(&said)));
        }
        let ours = known.installation.to_string();
        findings.push(match (&known.fenced, &marker.installation, marker.epoch) {
            (Some(why), _, _) => CheckResult::failed(CHECK, words::fenced(name, &crate::words::blocker::sentence(why))),
            (None, Some(theirs), _) if *theirs != ours => {
                CheckResult::failed(CHECK, words::foreign(name, theirs, &ours))
            }
            (None, Some(_), Some(epoch)) if epoch > known.marked => {
                CheckResult::failed(CHECK, words::later(name, epoch, known.marked))
            }
            (None, Some(_), epoch) => {
                let epoch = epoch.map_or_else(|| "none".to_owned(), |epoch| epoch.to_string());
                CheckResult::ok(
                    CHECK,
                    format!("its marker is this installation's (epoch {epoch}, here {})", known.marked),
                )
            }
            (None, None, _) => {
                CheckResult::ok(CHECK, "its marker is there, and no worker has written to the cluster yet")
            }
        });
        if let (Some(failure), None) = (&known.failure, &known.fenced) {
            let said = crate::words::blocker::sentence(failure);
            findings.push(CheckResult::warning("cluster.last_run", words::last_run(&said)));
        }
        findings
    }
}

/// Compares EKS's description with what the database knows.
fn about(described: &EksCluster, known: Option<&KnownCluster>, cluster: &PolicyCluster) -> Vec<CheckResult> {
    const CHECK: &str = "cluster.eks";
    let mut findings = Vec::new();
    if described.status == "ACTIVE" {
        findings.push(CheckResult::ok(
            CHECK,
            format!("EKS describes it: {}, Kubernetes {}", described.endpoint, described.version),
        ));
    } else {
        findings.push(CheckResult::warning(CHECK, words::not_active(&described.status)));
    }
    let Some(known) = known else { return findings };
    if known.arn != cluster.arn.as_str() {
        findings.push(CheckResult::warning(CHECK, words::other_arn(&known.arn, cluster.arn.as_str())));
    }
    if let (Some(then), Some(now)) = (known.created_at, described.created_at)
        && then.as_second() != now.as_second()
    {
        findings.push(CheckResult::failed(CHECK, words::made_again(&then.to_string(), &now.to_string())));
    }
    findings
}

fn reached(described: &EksCluster, date: Option<Timestamp>) -> Vec<CheckResult> {
    let what = format!("{} answers, with a certificate of the CA that EKS names", described.endpoint);
    let mut findings = vec![CheckResult::ok("cluster.api", what)];
    if let Some(seconds) = date.map(ahead_of).filter(|seconds| seconds.abs() > FAR) {
        findings.push(CheckResult::warning("cluster.clock", words::skewed(seconds)));
    }
    findings
}

fn absent(check: &'static str, name: &str) -> CheckResult {
    let wanted: Vec<_> = config_maps().into_iter().filter(|map| map["metadata"]["name"] == name).collect();
    CheckResult::failed(check, words::no_config_map(name)).pasting("yaml", "kubectl create -f -", to_yaml(&wanted))
}
