//! Everything is in order, and stays as it was.

use super::{Hospital, Ward, latchkey, section};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[tokio::test]
async fn all_is_well_where_everything_is_as_the_guide_sets_it_up() {
    let hospital = Hospital::new().await;
    let told = hospital.examine(&["--strict"]).await;
    let report = told.json();
    let counts = ["failed", "warnings", "not_checked"].map(|key| report[key].as_u64().unwrap());
    assert_eq!((told.code, counts), (0, [0, 0, 0]), "{}\n{}", told.out, told.err);
    let checks: Vec<Value> = section(&report, "prod-eu").iter().map(|finding| finding["check"].clone()).collect();
    for check in [
        "cluster.eks",
        "cluster.entries",
        "cluster.api",
        "cluster.identity",
        "cluster.rbac",
        "cluster.excess",
        "cluster.aws_auth",
        "cluster.mapping",
        "cluster.templates",
        "cluster.marker",
        "cluster.rehearsal",
    ] {
        assert!(checks.contains(&json!(check)), "{check}: {}", told.out);
    }
    println!("doctor: {} checks on two simulated clusters in {} ms", report["checks"], report["milliseconds"]);
}

#[tokio::test]
async fn nothing_is_changed_by_looking() {
    let hospital = Hospital::new().await;
    let before = everything(&hospital).await;
    hospital.world.simulator.aws().faults().forget_calls();
    for arguments in [&[][..], &["--format", "json"]] {
        let told = hospital.ward.doctor(arguments).await;
        assert_eq!(told.code, 0, "{}", told.out);
    }
    let after = everything(&hospital).await;
    for (part, state) in &before {
        assert!(after[part] == *state, "{part} is another than before");
    }
    let calls = hospital.world.simulator.aws().faults().calls();
    let reads = |action: &str| ["Get", "List", "Describe", "Simulate"].iter().any(|verb| action.starts_with(verb));
    let writes: Vec<_> = calls.iter().filter(|call| !reads(&call.action)).collect();
    assert!(!calls.is_empty() && writes.is_empty(), "{writes:?}");
}

/// The clusters, and every row of every table.
async fn everything(hospital: &Hospital) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    for cluster in ["prod-eu", "staging-eu"] {
        parts.insert(cluster.to_owned(), hospital.world.simulator.kubernetes(cluster).unwrap().snapshot().to_string());
    }
    let pool = hospital.world.town.owner.pool();
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    for table in tables {
        let query = format!("select coalesce(string_agg(r::text, chr(10) order by r::text), '') from {table} r");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(pool).await.unwrap();
        parts.insert(table, rows);
    }
    parts
}

#[tokio::test]
async fn what_this_machine_cannot_ask_is_said_to_be_not_checked() {
    let hospital = Hospital::new().await;
    let aws = hospital.world.simulator.aws_endpoint().as_str();
    let mut ward =
        Ward::new(&latchkey(hospital.world.simulator.issuer().as_str().trim_end_matches('/'), aws, super::PORTAL));
    ward.set("LATCHKEY_DATABASE__WEB_URL", hospital.world.town.database.url_as("latchkey_web"));
    hospital.beat().await;
    let told = ward.examine(&["--strict"]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    assert_eq!(told.troubles("database"), ["database.login not_checked", "database.login not_checked"]);
    assert_eq!(told.troubles("aws"), ["aws.caller not_checked"]);
    assert_eq!(told.troubles("prod-eu"), ["cluster.eks not_checked"]);
    assert!(ward.doctor(&[]).await.out.contains("not checked here no login as latchkey_worker"), "{}", told.out);
}

#[tokio::test]
async fn what_it_cannot_run_with_is_told_from_what_it_finds() {
    let hospital = Hospital::new().await;
    let unknown = hospital.ward.doctor(&["--cluster", "elsewhere"]).await;
    assert_eq!(unknown.code, 2, "{}", unknown.out);
    assert!(unknown.err.contains("no cluster `elsewhere`; it has prod-eu, staging-eu"), "{}", unknown.err);
    let one = hospital.examine(&["--cluster", "staging-eu"]).await;
    assert_eq!((one.code, one.json()["sections"].as_array().unwrap().len()), (0, 5), "{}", one.out);
    let bad = Ward::new("[server]\n").doctor(&[]).await;
    assert_eq!(bad.code, 2, "{}", bad.err);
    assert!(bad.err.contains("the configuration cannot be used"), "{}", bad.err);
    let usage = hospital.ward.doctor(&["--timeout", "0"]).await;
    assert_eq!(usage.code, 2);
    hospital.ward.write("policy.toml", "[roles]\noperators = 1\n");
    assert_eq!(hospital.ward.doctor(&["--policy", "policy.toml"]).await.code, 2);
}

#[tokio::test]
async fn secrets_are_in_nothing_that_it_prints() {
    let mut hospital = Hospital::new().await;
    let mut secrets: Vec<String> = ["marked-password", super::CLIENT_SECRET].map(str::to_owned).to_vec();
    for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        secrets.push(hospital.ward.variables[name].clone());
    }
    hospital.ward.set("LATCHKEY_LOG", "trace");
    let well = hospital.ward.doctor(&[]).await;
    // The same with everything in trouble.
    for cluster in ["prod-eu", "staging-eu"] {
        hospital.world.objects(cluster).set_aws_auth("mapRoles", None, "somebody").unwrap();
    }
    hospital.ward.set("LATCHKEY_DATABASE__WORKER_URL", "postgres://latchkey_worker:marked-password@127.0.0.1:9/x");
    hospital.ward.set("LATCHKEY_LOGIN__ISSUER", "http://127.0.0.1:9");
    let ill = hospital.ward.doctor(&["--format", "json"]).await;
    assert_eq!((well.code, ill.code), (0, 1));
    for told in [&well.out, &ill.out] {
        for secret in secrets.iter().map(String::as_str).chain(["k8s-aws-v1."]) {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
    }
}
