use std::time::{Duration, Instant, SystemTime};

use latchkey_simulator::{
    Simulator,
    aws::{RoleChange, UserChange},
    seed::{AuthenticationMode, SeedEntry},
};
use serde_json::json;

use super::{
    client::{Eks, JANE, seed},
    common::{self, STS, presign},
};

/// Whom a cluster takes Jane for; `None` if it refuses her.
async fn jane(simulator: &Simulator, cluster: &str) -> Option<String> {
    let token = presign(STS, &simulator.person_keys("jane").unwrap(), None, cluster, SystemTime::now());
    common::who(simulator, cluster, &token).await
}

async fn on_each(simulator: &Simulator) -> [Option<String>; 3] {
    [jane(simulator, "classic").await, jane(simulator, "both").await, jane(simulator, "modern").await]
}

fn entry() -> serde_json::Value {
    json!({ "principalArn": JANE, "username": "entry" })
}

fn names(names: [&str; 3]) -> [Option<String>; 3] {
    names.map(|name| Some(name.to_owned()).filter(|name| !name.is_empty()))
}

#[tokio::test]
async fn the_mode_says_which_of_entries_and_lines_are_asked_and_the_entry_comes_first() {
    let eks = Eks::new().await;
    let simulator = &eks.simulator;
    assert_eq!(on_each(simulator).await, names(["line", "line", ""]));
    for cluster in ["both", "modern"] {
        eks.create(cluster, entry()).await.good();
    }
    assert_eq!(on_each(simulator).await, names(["line", "entry", "entry"]));
    simulator.aws().set_mode("both", AuthenticationMode::ConfigMap);
    simulator.aws().set_mode("modern", AuthenticationMode::ApiAndConfigMap);
    assert_eq!(on_each(simulator).await, names(["line", "line", "entry"]));
    simulator.aws().set_mode("both", AuthenticationMode::Api);
    for cluster in ["both", "modern"] {
        eks.delete(cluster, JANE).await.good();
    }
    assert_eq!(on_each(simulator).await, names(["line", "", "line"]));
}

#[tokio::test]
async fn a_user_made_anew_has_the_line_and_not_the_entry() {
    let eks = Eks::new().await;
    for cluster in ["both", "modern"] {
        eks.create(cluster, entry()).await.good();
    }
    eks.simulator.aws().change_user("jane", UserChange::Recreated);
    assert_eq!(on_each(&eks.simulator).await, names(["line", "line", ""]));
    // The dead entry is still in the way of a new one.
    assert_eq!(eks.create("modern", entry()).await.error().1, "ResourceInUseException");
    eks.delete("modern", JANE).await.good();
    eks.create("modern", entry()).await.good();
    assert_eq!(jane(&eks.simulator, "modern").await.as_deref(), Some("entry"));
}

#[tokio::test]
async fn an_entry_of_the_same_id_and_another_arn_lets_nobody_in() {
    let eks = Eks::new().await;
    let aws = eks.simulator.aws();
    // As if the user had had another path when the entry was made.
    let moved = JANE.replace("/latchkey/", "/before/");
    aws.know_principal(&moved, &aws.user_id("jane").unwrap());
    for cluster in ["both", "modern"] {
        eks.create(cluster, json!({ "principalArn": moved, "username": "entry" })).await.good();
    }
    assert_eq!(on_each(&eks.simulator).await, names(["line", "line", ""]));
}

#[tokio::test]
async fn a_role_is_known_by_its_id_and_its_name_without_the_path() {
    let eks = Eks::new().await;
    let aws = eks.simulator.aws();
    aws.add_role("viewer", "/teams/", &json!({}), &[]).unwrap();
    let role = "arn:aws:iam::111122223333:role/teams/viewer";
    let username = "latchkey:viewer:{{SessionNameRaw}}";
    eks.create("modern", json!({ "principalArn": role, "username": username })).await.good();
    let enter = async |role: &str| {
        let session = aws.open_session(role, "jane@example.com", jiff::SignedDuration::from_hours(1)).unwrap();
        let keys = latchkey_simulator::seed::Keys {
            access_key_id: session.access_key_id,
            secret_access_key: session.secret_access_key,
        };
        let token = presign(STS, &keys, Some(&session.session_token), "modern", SystemTime::now());
        common::who(&eks.simulator, "modern", &token).await
    };
    assert_eq!(enter("viewer").await.as_deref(), Some("latchkey:viewer:jane@example.com"));
    // The same name, another role.
    aws.change_role("viewer", RoleChange::Recreated);
    assert_eq!(enter("viewer").await, None);
}

#[tokio::test]
async fn an_entry_is_in_force_and_out_of_force_only_after_a_while() {
    let eks = Eks::new().await;
    let (simulator, knobs) = (&eks.simulator, eks.simulator.aws().entry_knobs());
    knobs.propagate_after(Duration::from_mins(1));
    for cluster in ["both", "modern"] {
        eks.create(cluster, entry()).await.good();
        eks.describe(cluster, JANE).await.good();
    }
    assert_eq!(on_each(simulator).await, names(["line", "line", ""]));
    knobs.clear();
    assert_eq!(on_each(simulator).await, names(["line", "entry", "entry"]));
    knobs.propagate_after(Duration::from_mins(1));
    eks.update("modern", JANE, json!({ "username": "later" })).await.good();
    eks.delete("both", JANE).await.good();
    assert_eq!(jane(simulator, "modern").await, None, "a minute ago it was not there");
    knobs.propagate_after(Duration::ZERO);
    assert_eq!(on_each(simulator).await, names(["line", "line", "later"]));
}

#[tokio::test]
async fn the_seed_says_how_long_an_entry_takes() {
    let mut seed = seed();
    seed.entry_delay = Duration::from_millis(400);
    let eks = Eks::of(Simulator::start(seed, None).await.unwrap());
    let expect = async |name: Option<&str>, since: Instant| {
        while jane(&eks.simulator, "modern").await.as_deref() != name {
            assert!(since.elapsed() < Duration::from_secs(20), "not {name:?} in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(since.elapsed() >= Duration::from_millis(400), "{name:?} too early");
    };
    let made = Instant::now();
    eks.create("modern", entry()).await.good();
    expect(Some("entry"), made).await;
    let deleted = Instant::now();
    eks.delete("modern", JANE).await.good();
    expect(None, deleted).await;
}

#[tokio::test]
async fn a_cluster_made_anew_has_none_of_the_old_entries() {
    let eks = Eks::new().await;
    eks.simulator.aws().entry_knobs().propagate_after(Duration::from_secs(1));
    eks.create("modern", entry()).await.good();
    let begun = Instant::now();
    while jane(&eks.simulator, "modern").await.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not in force in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A second ago the old cluster had the entry.
    eks.simulator.aws().recreate_cluster("modern");
    assert_eq!(jane(&eks.simulator, "modern").await, None);
}

#[tokio::test]
async fn seeded_entries_let_in_survive_a_restart_and_are_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = seed();
    let mut seeded = SeedEntry::new(JANE, "latchkey:<jane>");
    seeded.groups.push("viewers".to_owned());
    seeded.tags.insert("owner".to_owned(), "platform".to_owned());
    seeded.policies.push(super::client::VIEW.to_owned());
    seed.clusters[2].entries = vec![seeded, SeedEntry::new("arn:aws:iam::111122223333:user/gone", "gone")];
    let first = Simulator::start(seed.clone(), Some(folder.path().to_owned())).await.unwrap();
    assert_eq!(jane(&first, "modern").await.as_deref(), Some("latchkey:<jane>"));
    let eks = Eks::of(first);
    eks.update("modern", JANE, json!({ "username": "latchkey:jane:2" })).await.good();
    let page = reqwest::get(eks.simulator.aws_endpoint().clone()).await.unwrap().text().await.unwrap();
    let line = format!("{JANE}: latchkey:jane:2 in viewers, policies AmazonEKSViewPolicy, tags owner=platform");
    assert!(page.contains("Access entries") && page.contains(&line), "{page}");
    let held = eks.simulator.aws().held_entries("modern");
    eks.simulator.shutdown().await.unwrap();

    let second = Simulator::start(seed, Some(folder.path().to_owned())).await.unwrap();
    assert_eq!(second.aws().held_entries("modern"), held);
    assert_eq!(jane(&second, "modern").await.as_deref(), Some("latchkey:jane:2"));
    second.aws().change_user("jane", UserChange::Recreated);
    let page = reqwest::get(second.aws_endpoint().clone()).await.unwrap().text().await.unwrap();
    assert!(page.contains("dead: the principal is gone"), "{page}");
}
