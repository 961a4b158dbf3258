//! Clusters in trouble.

use super::{Hospital, Told, Ward, kubectl, latchkey, text};
use crate::{
    rig::tool::Tool,
    town::{POLICY, Town},
};
use latchkey::config;
use latchkey_domain::{
    eks::rbac::Rule,
    plan::{bootstrap, rights},
};
use latchkey_simulator::{
    Simulator,
    seed::{Seed, SeedCluster},
};
use latchkey_testkit::{ACCOUNT, REGION, cluster_toml, policy_cluster};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The rule without one right, as several rules; none if nothing is left of it.
fn without(rule: &Rule, right: &rights::Right) -> Vec<Value> {
    if !rule.non_resource_urls.is_empty() {
        let mut rule = rule.clone();
        rule.non_resource_urls.retain(|path| !right.rule.non_resource_urls.contains(path));
        return vec![json!(rule)];
    }
    let group = |rule: &Rule| rule.api_groups.clone();
    let touches = rule.api_groups == right.rule.api_groups
        && right.rule.resources.iter().all(|resource| rule.resources.contains(resource))
        && right.rule.verbs.iter().all(|verb| rule.verbs.contains(verb))
        && right.rule.resource_names.iter().all(|name| rule.resource_names.contains(name))
        && rule.resource_names.is_empty() == right.rule.resource_names.is_empty();
    if !touches {
        return vec![json!(rule)];
    }
    let mut left = Vec::new();
    let names =
        if rule.resource_names.is_empty() { vec![None] } else { rule.resource_names.iter().map(Some).collect() };
    for resource in &rule.resources {
        for verb in &rule.verbs {
            for name in &names {
                let this = right.rule.resources.contains(resource)
                    && right.rule.verbs.contains(verb)
                    && name.is_none_or(|name| right.rule.resource_names.contains(name));
                if !this {
                    let alone = Rule {
                        api_groups: group(rule),
                        resources: vec![resource.clone()],
                        verbs: vec![verb.clone()],
                        resource_names: name.map(|name| vec![name.clone()]).unwrap_or_default(),
                        ..Rule::default()
                    };
                    left.push(json!(alone));
                }
            }
        }
    }
    left
}

/// What bootstrap gives, without one right.
fn manifests_without(objects: Vec<Value>, right: &rights::Right) -> Vec<Value> {
    let kind = if right.asked.namespace.is_empty() { "ClusterRole" } else { "Role" };
    let lessen = |mut object: Value| {
        if object["kind"] == kind {
            let rules: Vec<Rule> = serde_json::from_value(object["rules"].clone()).unwrap();
            object["rules"] = rules.iter().flat_map(|rule| without(rule, right)).collect();
        }
        object
    };
    objects.into_iter().map(lessen).collect()
}

/// One cluster for each right that a worker needs, without that right.
#[tokio::test]
async fn each_right_that_is_taken_away_is_named_and_what_is_printed_brings_it_back() {
    let Some(_) = Tool::Kubectl.require() else { return };
    let policy = config::policy::parse(POLICY).unwrap();
    let needed = rights::rights(&policy);
    let mut seed = Seed::new(REGION, ACCOUNT);
    let mut text_of_policy = POLICY[..POLICY.find("[[clusters]]").unwrap()].to_owned();
    let worker = "- userarn: arn:aws:iam::111122223333:user/latchkey-worker\n  username: latchkey-worker\n";
    let nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  \
                 username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:bootstrappers, system:nodes]\n";
    for (number, right) in needed.iter().enumerate() {
        let name = format!("c{number}");
        let mut cluster = SeedCluster::new(&name);
        cluster.aws_auth =
            Some(BTreeMap::from([("mapUsers".into(), worker.into()), ("mapRoles".into(), nodes.into())]));
        let marker = bootstrap::config_maps().into_iter().filter(|map| map["metadata"]["name"] == "latchkey");
        cluster.objects = manifests_without(bootstrap::manifests(&policy), right).into_iter().chain(marker).collect();
        if right.asked.non_resource_path.is_some() {
            // Most clusters let every user read which APIs they serve; here only bootstrap's rule does.
            let rbac = "rbac.authorization.k8s.io";
            cluster.objects.push(json!({
                "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding",
                "metadata": { "name": "system:discovery" }, "subjects": [],
                "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": "system:discovery" },
            }));
        }
        seed.clusters.push(cluster);
        text_of_policy.push_str(&cluster_toml(&policy_cluster(&name).of_stage("prod")));
    }
    text_of_policy.push('\n');
    text_of_policy.push_str(&POLICY[POLICY.find("[[profiles]]").unwrap()..]);
    let simulator = Simulator::start(seed, None).await.unwrap();
    let town = Town::new().await;
    let ward = ward(&simulator, &town);
    ward.write("policy.toml", &text_of_policy);
    let ill = ward.examine(&["--policy", "policy.toml"]).await;
    let mut pastes = Vec::new();
    for (number, right) in needed.iter().enumerate() {
        let name = format!("c{number}");
        let finding = ill.trouble(&name, "cluster.rbac");
        assert_eq!(finding["status"], "failed");
        let what = text(&finding["what"]);
        assert!(what.starts_with("1 right of ") && what.ends_with(&format!("missing: {}", right.asked)), "{what}");
        pastes.push((name, finding));
    }
    futures::future::join_all(pastes.iter().map(|(name, finding)| paste(&simulator, name, finding))).await;
    let well = ward.examine(&["--policy", "policy.toml"]).await;
    for (number, right) in needed.iter().enumerate() {
        let name = format!("c{number}");
        let others = ["cluster.mapping warning", "cluster.marker not_checked"];
        assert_eq!(well.troubles(&name), others, "after {}", right.asked);
    }
    println!(
        "doctor: {} rights taken away one at a time, each named and mended, on {} clusters in {} ms",
        needed.len(),
        needed.len(),
        well.json()["milliseconds"]
    );
}

/// A machine with the keys of the simulator's worker, a user who may do everything.
fn ward(simulator: &Simulator, town: &Town) -> Ward {
    let issuer = simulator.issuer().as_str().trim_end_matches('/').to_owned();
    let mut ward = Ward::new(&latchkey(&issuer, simulator.aws_endpoint().as_str(), super::PORTAL));
    let keys = simulator.worker_keys().unwrap();
    ward.set("AWS_ACCESS_KEY_ID", keys.access_key_id);
    ward.set("AWS_SECRET_ACCESS_KEY", keys.secret_access_key);
    ward.set("LATCHKEY_DATABASE__WORKER_URL", town.database.url_as("latchkey_worker"));
    ward
}

/// Runs the command that the finding names on what the finding prints, as the cluster's administrator.
async fn paste(simulator: &Simulator, cluster: &str, finding: &Value) {
    let info = simulator.cluster(cluster).unwrap();
    let token = simulator.kubernetes(cluster).unwrap().admin_token();
    kubectl(info.server.as_str(), &info.ca_pem, token, &finding["paste"]).await;
}

#[tokio::test]
async fn more_than_is_needed_is_a_warning_and_fails_when_strict() {
    let hospital = Hospital::new().await;
    let bind = |role: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": format!("generous-{role}") },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "latchkey-worker" }],
        })
    };
    hospital.world.objects("prod-eu").put_raw(bind("view"), "somebody").unwrap();
    hospital.world.objects("staging-eu").put_raw(bind("cluster-admin"), "somebody").unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    let more = told.trouble("prod-eu", "cluster.excess");
    assert!(text(&more["what"]).contains("get configmaps in the whole cluster"), "{more}");
    let anybody = told.trouble("staging-eu", "cluster.excess");
    assert!(text(&anybody["what"]).contains("escalate clusterroles"), "{anybody}");
    assert_eq!(hospital.examine(&["--strict"]).await.code, 1);
}

#[tokio::test]
async fn a_cluster_that_is_away_or_shows_another_ca_delays_no_other() {
    let hospital = Hospital::new().await;
    hospital.world.knobs("prod-eu").set_unreachable(true);
    let told = hospital.examine(&[]).await;
    assert_eq!((told.code, told.troubles("prod-eu")), (1, vec!["cluster.api failed".to_owned()]), "{}", told.out);
    assert_eq!(told.troubles("staging-eu"), Vec::<String>::new());
    hospital.world.knobs("prod-eu").set_unreachable(false);

    let info = hospital.world.simulator.cluster("prod-eu").unwrap();
    let other = hospital.world.simulator.cluster("staging-eu").unwrap().ca_pem;
    assert_ne!(info.ca_pem, other);
    hospital.world.simulator.aws().set_server("prod-eu", &info.server, &other);
    let told = hospital.examine(&[]).await;
    let finding = told.trouble("prod-eu", "cluster.api");
    assert!(text(&finding["what"]).contains("not signed by the CA that EKS names"), "{finding}");
    hospital.world.simulator.aws().set_server("prod-eu", &info.server, &info.ca_pem);

    hospital.world.knobs("prod-eu").set_latency(std::time::Duration::from_secs(8));
    let told = hospital.examine(&["--timeout", "2"]).await;
    assert_eq!(told.troubles("prod-eu"), ["cluster.api failed"], "{}", told.out);
    assert_eq!(told.troubles("staging-eu"), Vec::<String>::new());
    assert!(told.json()["milliseconds"].as_u64().unwrap() < 8_000, "{}", told.out);
}

#[tokio::test]
async fn a_worker_that_the_cluster_does_not_know_is_told_its_entry() {
    let hospital = Hospital::new().await;
    hospital.world.objects("prod-eu").set_aws_auth("mapRoles", None, "somebody").unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("prod-eu"), ["cluster.identity failed"], "{}", told.out);
    let paste = &told.trouble("prod-eu", "cluster.identity")["paste"];
    assert_eq!(paste["into"], "mapRoles of kube-system/aws-auth");
    hospital.world.objects("prod-eu").set_aws_auth("mapRoles", Some(text(&paste["text"])), "an administrator").unwrap();
    assert_eq!(hospital.examine(&[]).await.code, 0);
}

#[tokio::test]
async fn an_aws_auth_by_which_no_node_joins_is_named() {
    let mut hospital = Hospital::new().await;
    // An IAM user in mapUsers, so that mapRoles is not needed for the worker itself.
    let keys = hospital.world.simulator.worker_keys().unwrap();
    hospital.ward.set("AWS_ACCESS_KEY_ID", keys.access_key_id);
    hospital.ward.set("AWS_SECRET_ACCESS_KEY", keys.secret_access_key);
    hospital.ward.variables.remove("AWS_SESSION_TOKEN");
    hospital.world.objects("prod-eu").set_aws_auth("mapRoles", None, "somebody").unwrap();
    let told = hospital.examine(&[]).await;
    let what = text(&told.trouble("prod-eu", "cluster.aws_auth")["what"]).to_owned();
    assert!(what.contains("there is no mapRoles"), "{what}");
}

#[tokio::test]
async fn a_role_of_aws_auth_whose_callers_name_themselves_is_named_unless_its_trust_policy_pins_the_name() {
    let hospital = Hospital::new().await;
    let (objects, aws) = (hospital.world.objects("prod-eu"), hospital.world.simulator.aws());
    let trust = |condition: Value| {
        let principal = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") });
        let mut trust = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }] });
        if condition.is_object() {
            trust["Statement"][0]["Condition"] = condition;
        }
        trust
    };
    let pin = json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } });
    // A line has no path, wherever the role is.
    aws.add_role("pinned", "/teams/", &trust(pin), &[]).unwrap();
    aws.add_role("open", "/teams/", &trust(Value::Null), &[]).unwrap();
    let line =
        |role: &str| format!("- rolearn: arn:aws:iam::{ACCOUNT}:role/{role}\n  username: dev:{{{{SessionNameRaw}}}}\n");
    let before = objects.aws_auth_data().unwrap()["mapRoles"].clone();
    objects.set_aws_auth("mapRoles", Some(&format!("{before}{}", line("pinned"))), "a person").unwrap();
    let told = hospital.examine(&["--strict"]).await;
    assert_eq!((told.code, told.troubles("prod-eu")), (0, vec![]), "{}", told.out);
    let both = format!("{before}{}{}", line("pinned"), line("open"));
    objects.set_aws_auth("mapRoles", Some(&both), "a person").unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("prod-eu"), ["cluster.templates warning"], "{}", told.out);
    let what = text(&told.trouble("prod-eu", "cluster.templates")["what"]).to_owned();
    assert!(what.contains("role/open as `dev:{{SessionNameRaw}}`") && !what.contains("pinned"), "{what}");
}

#[tokio::test]
async fn config_maps_that_are_absent_are_printed_and_an_aws_auth_that_cannot_be_read_fails() {
    let Some(_) = Tool::Kubectl.require() else { return };
    let hospital = Hospital::new().await;
    let objects = hospital.world.objects("prod-eu");
    objects.remove("kube-system", "configmaps", "latchkey").unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("prod-eu"), ["cluster.marker failed"], "{}", told.out);
    let finding = told.trouble("prod-eu", "cluster.marker");
    assert_eq!(finding["paste"]["into"], "kubectl create -f -");
    paste(&hospital.world.simulator, "prod-eu", &finding).await;
    assert_eq!(hospital.examine(&["--strict"]).await.code, 0);
    objects
        .set_aws_auth("mapUsers", Some("- userarn: arn:aws:iam::111122223333:user/x\n  username: [\n"), "x")
        .unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("prod-eu"), ["cluster.aws_auth failed"], "{}", told.out);
}

/// Asserts what doctor says of the cluster's marker, and what to do.
fn says(told: &Told, cluster: &str, words: &str) {
    let finding = told.trouble(cluster, "cluster.marker");
    assert_eq!(finding["status"], "failed");
    assert!(text(&finding["what"]).contains(words), "{finding}");
    assert!(text(&finding["next"]).contains(&format!("latchkey accept-restore {cluster}")), "{finding}");
}

/// Runs the command, beside a worker that works.
async fn accept(hospital: &Hospital, cluster: &str) -> Told {
    let arguments = [cluster];
    let command = hospital.ward.latchkey("accept-restore", &arguments);
    tokio::pin!(command);
    loop {
        tokio::select! {
            told = &mut command => return told,
            () = tokio::time::sleep(Duration::from_millis(50)) => drop(hospital.world.run().await),
        }
    }
}

#[tokio::test]
async fn a_fence_says_what_to_do() {
    let hospital = Hospital::new().await;
    let own = hospital.world.installation().await;
    hospital.world.mark("prod-eu", &uuid::Uuid::now_v7().to_string(), 7);
    hospital.world.mark("staging-eu", &own, 1_000_000);
    let told = hospital.examine(&[]).await;
    says(&told, "prod-eu", "names the installation");
    says(&told, "staging-eu", "at epoch 1000000, and the database at ");
    // A look of the worker fences the cluster; it stays fenced though the marker is right again.
    hospital.world.rests_are_over().await;
    hospital.execute("update target set due_at = clock_timestamp()").await;
    hospital.world.run().await;
    hospital.world.mark("prod-eu", &own, 0);
    let told = hospital.examine(&[]).await;
    says(&told, "prod-eu", "it is fenced: ");
}

#[tokio::test]
async fn what_the_doctor_says_to_accept_is_accepted_at_once_though_no_worker_has_looked_since() {
    let hospital = Hospital::new().await;
    let own = hospital.world.installation().await;
    // The lowest epoch that shows that the database is behind: that of its next run.
    let epoch = "select epoch from target t join cluster c on c.id = t.key where c.name = 'staging-eu'";
    let later = hospital.world.town.count(epoch).await + 1;
    hospital.world.mark("staging-eu", &own, later);
    hospital.world.mark("prod-eu", &uuid::Uuid::now_v7().to_string(), 7);
    let told = hospital.examine(&[]).await;
    says(&told, "staging-eu", "restored from a backup");
    let accepted = accept(&hospital, "staging-eu").await;
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    assert_eq!(hospital.examine(&[]).await.troubles("staging-eu"), Vec::<String>::new());

    says(&told, "prod-eu", "names the installation");
    let refused = accept(&hospital, "prod-eu").await;
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("names another installation"), "{}", refused.err);
    let mut marker = hospital.world.objects("prod-eu").get("kube-system", "configmaps", "latchkey").unwrap();
    marker.as_object_mut().unwrap().remove("data");
    hospital.world.objects("prod-eu").put_raw(marker, "an administrator").unwrap();
    let accepted = accept(&hospital, "prod-eu").await;
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    assert_eq!(hospital.examine(&[]).await.troubles("prod-eu"), Vec::<String>::new());

    let well = accept(&hospital, "prod-eu").await;
    assert_eq!(well.code, 1, "{}", well.out);
    assert!(well.err.contains("is not fenced"), "{}", well.err);
}

#[tokio::test]
async fn an_iam_user_that_aws_auth_names_and_iam_does_not_have_is_named() {
    let hospital = Hospital::new().await;
    let line = "- userarn: arn:aws:iam::111122223333:user/who-left\n  username: who-left\n";
    hospital.world.objects("prod-eu").set_aws_auth("mapUsers", Some(line), "somebody").unwrap();
    let told = hospital.examine(&[]).await;
    let finding = told.trouble("prod-eu", "cluster.principals");
    assert!(text(&finding["what"]).contains("user/who-left"), "{finding}");
    assert_eq!(told.troubles("prod-eu").len(), 1, "{}", told.out);
}
