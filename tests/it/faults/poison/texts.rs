//! The longest and the strangest texts that people and clusters may give: foreign objects, aws-auth, reasons.

use super::{
    super::cases::{all, case},
    scene::{Others, Scene},
};
use crate::{
    town::view,
    worker::{PROD, USERS},
};
use latchkey::web::AskForm;
use latchkey_domain::access::GrantId;
use latchkey_testkit::ACCOUNT;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Characters that turn, join, hide or end texts, and those of four bytes.
const STRANGE: &str = "\u{202e}\u{200d}\u{feff}\u{0301}\u{1f469}\u{200d}\u{1f680}'\"`<script>{{x}}%00\\";

fn binding(name: &str, subjects: &Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": name, "namespace": "payments" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": subjects,
    })
}

fn users(count: usize, name: impl Fn(usize) -> String) -> Value {
    let user = |number| json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name(number) });
    (0..count).map(user).collect()
}

/// Objects that another client may put into a cluster.
fn objects() -> Vec<(&'static str, Vec<Value>)> {
    let long = "x".repeat(253);
    vec![
        (
            "a binding of 1,000 people",
            vec![binding("many", &users(1_000, |n| format!("person-{n}-{}", "y".repeat(200))))],
        ),
        ("a binding of strange people", vec![binding("strange", &users(50, |n| format!("{STRANGE}{n}")))]),
        ("a binding of somebody whom no database keeps", vec![binding("nul", &users(2, |n| format!("a\0b-{n}")))]),
        ("a binding of nobody", vec![binding("nobody", &Value::Null)]),
        ("a binding with a long name", vec![binding(&long, &users(1, |_| long.clone()))]),
        (
            "500 bindings",
            (0..500).map(|n| binding(&format!("one-of-many-{n}"), &users(20, |n| format!("p-{n}")))).collect(),
        ),
        ("a binding with annotations of 200 KiB", {
            let mut object = binding("annotated", &users(1, |_| "p".into()));
            object["metadata"]["annotations"] =
                json!({ "example.com/notes": format!("{STRANGE}{}", "z".repeat(200_000)) });
            vec![object]
        }),
        ("a binding that says it is ours", {
            let mut object = binding("pretender", &users(300, |n| format!("{STRANGE}-{n}")));
            object["metadata"]["labels"] = json!({
                "app.kubernetes.io/managed-by": "latchkey", "latchkey/grant": "not an id", "latchkey/installation": "none",
            });
            vec![object]
        }),
        ("a ClusterRole of 1,000 rules", {
            let rule = |n| json!({ "apiGroups": [format!("group-{n}.example.com")], "resources": [long.clone()], "verbs": ["get"] });
            let rules: Value = (0..1_000).map(rule).collect();
            vec![json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": { "name": "many-rules" }, "rules": rules,
            })]
        }),
    ]
}

/// Texts that cannot be read: an authenticator maps no user by them, the worker included.
const UNREADABLE: [(&str, &str); 3] = [
    ("a text that is no list", "]]]] : {{ &a *b !!binary |\n"),
    ("tabs", "\t\t- userarn: x\n"),
    ("a character that no YAML has", "# \u{7}\n"),
];

/// What another client may append to aws-auth.
fn lines() -> Vec<(&'static str, String)> {
    vec![
        ("200 KiB of comments", format!("# {}\n", STRANGE.replace('\u{feff}', "")).repeat(3_000)),
        (
            "2,000 people",
            (0..2_000).fold(String::new(), |mut lines, n| {
                let _ = writeln!(
                    lines,
                    "- userarn: arn:aws:iam::{ACCOUNT}:user/p-{n}\n  username: p-{n}\n  groups: [devs]"
                );
                lines
            }),
        ),
        ("an end of the document, and notes", "...\n# notes\nnotes: yes\n".into()),
        ("a username that no database keeps", format!("{}  username: \"a\\0b\"\n", of_gus())),
        ("a username that no index keeps", format!("{}  username: {}\n", of_gus(), unlike_itself(6_000))),
        ("a group that no database keeps", format!("{}  username: g\n  groups: [\"a\\0b\"]\n", of_gus())),
    ]
}

/// The beginning of an entry for gus, who asks for access there.
fn of_gus() -> String {
    format!("- userarn: {}\n", crate::town::Town::arn("gus"))
}

/// Letters that do not compress.
fn unlike_itself(length: usize) -> String {
    let hash = |number: usize| {
        hex::encode(sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(number.to_string())))
    };
    (0..length / 64).map(hash).collect()
}

/// Appends this text to aws-auth of prod-eu as another client, and lets gus wait for an access there.
async fn written_behind(scene: &Scene, text: &str) -> GrantId {
    let before = scene.world.aws_auth(PROD)["mapUsers"].clone();
    scene.world.objects(PROD).set_aws_auth("mapUsers", Some(&format!("{before}{text}")), "somebody").unwrap();
    let asks = scene.world.approved("gus").await;
    scene.look().await;
    asks
}

/// Ana's and gus's accesses to prod-eu end, and nothing is left of them.
async fn ends_there(scene: &Scene, asks: GrantId) {
    for (who, grant) in [("ana", scene.grant), ("gus", asks)] {
        scene.world.give_back(who, grant).await;
        scene.world.iam_has_settled().await;
        scene.world.rests_are_over().await;
        scene.until(grant, "ended").await;
    }
    assert!(scene.world.bindings(PROD).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_cluster_stops_anybody() {
    let mut cases = Vec::new();
    for (name, objects) in objects() {
        cases.push(case(name, async move {
            let scene = Scene::new().await;
            for object in objects {
                scene.world.objects(PROD).put_raw(object, "somebody").unwrap();
            }
            scene.look().await;
            scene.others_go_their_way(Others::Both).await;
            scene.world.give_back("ana", scene.grant).await;
            scene.world.iam_has_settled().await;
            scene.until(scene.grant, "ended").await;
        }));
    }
    for (name, text) in lines() {
        cases.push(case(name, async move {
            let scene = Scene::new().await;
            let asks = written_behind(&scene, &text).await;
            scene.others_go_their_way(Others::Staging).await;
            ends_there(&scene, asks).await;
            let after = scene.world.aws_auth(PROD)["mapUsers"].clone();
            assert!(
                after.ends_with(&text) && after.starts_with(USERS),
                "what others wrote is there still: {after:.300}"
            );
        }));
    }
    for (name, text) in UNREADABLE {
        cases.push(case(name, async move {
            let scene = Scene::new().await;
            let before = scene.world.aws_auth(PROD)["mapUsers"].clone();
            let asks = written_behind(&scene, text).await;
            scene.others_go_their_way(Others::Staging).await;
            assert!(scene.told().await > 0, "nobody is told");
            scene.world.objects(PROD).set_aws_auth("mapUsers", Some(&before), "somebody").unwrap();
            scene.look().await;
            ends_there(&scene, asks).await;
        }));
    }
    let tried = all(cases).await.len();
    println!("poison: {tried} texts of clusters");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_person_stops_anybody() {
    let plain: String = STRANGE.chars().filter(|c| !matches!(c, '\u{202e}' | '\u{feff}')).collect();
    let reasons = ["\u{1f469}".repeat(1_000), plain, "a\u{0301}".repeat(500)];
    let mut tried = 0;
    for reason in reasons {
        let scene = Scene::new().await;
        let form = AskForm { namespaces: vec!["payments".into()], reason, ..view() };
        let grant = scene.world.approved_ask("gus", &form).await;
        scene.until(grant, "active").await;
        scene.others_go_their_way(Others::Staging).await;
        scene.world.give_back("gus", grant).await;
        scene.world.iam_has_settled().await;
        scene.until(grant, "ended").await;
        tried += 1;
    }
    println!("poison: {tried} texts of people");
}
