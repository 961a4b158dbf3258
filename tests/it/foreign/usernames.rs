//! Another client gives a username of Latchkey's to another principal, or adds groups to Latchkey's line.

use crate::worker::{PROD, USERS, World};
use latchkey::store::read::{health, pulse};
use latchkey_domain::access::blocker::Blocker;

const OTHER: &str = "arn:aws:iam::111122223333:user/mallory";

/// A change of aws-auth by another client: the key, and what its text becomes.
struct Intrusion {
    what: &'static str,
    key: &'static str,
    text: fn(&str) -> String,
    /// What the sentence names.
    names: &'static str,
}

const INTRUSIONS: [Intrusion; 5] = [
    Intrusion {
        what: "a second user",
        key: "mapUsers",
        text: |text| format!("{text}- userarn: {OTHER}\n  username: latchkey:ana:1\n"),
        names: OTHER,
    },
    Intrusion {
        what: "a second user before ours",
        key: "mapUsers",
        text: |text| format!("- {{userarn: {OTHER}, username: \"latchkey:ana:1\"}}\n{text}"),
        names: OTHER,
    },
    Intrusion {
        what: "a role",
        key: "mapRoles",
        text: |text| format!("{text}- rolearn: arn:aws:iam::111122223333:role/ops\n  username: latchkey:ana:1\n"),
        names: "arn:aws:iam::111122223333:role/ops",
    },
    Intrusion {
        what: "a role whose session names could come out as ours",
        key: "mapRoles",
        text: |text| {
            format!("{text}- rolearn: arn:aws:iam::111122223333:role/ops\n  username: latchkey:{{{{SessionName}}}}:1\n")
        },
        names: "arn:aws:iam::111122223333:role/ops",
    },
    Intrusion {
        what: "groups",
        key: "mapUsers",
        text: |text| {
            let (before, line) = text.rsplit_once("- ").unwrap();
            format!("{before}- {}\n  groups: [\"system:masters\"]\n", line.trim_end())
        },
        names: "system:masters",
    },
];

#[tokio::test]
async fn a_username_that_somebody_else_can_be_is_bound_to_nothing_until_that_is_taken_away() {
    let world = World::new().await;
    let gus = world.active("gus").await;
    let mut visit = 0;
    for Intrusion { what, key, text, names } in INTRUSIONS {
        visit += 1;
        let grant = world.active("ana").await;
        let before = world.aws_auth(PROD);
        let ours = format!("latchkey:ana:{visit}");
        assert!(before["mapUsers"].contains(&ours), "{what}");
        let intruded =
            text(&before[key]).replace("latchkey:ana:1", &ours).replace("}}:1\n", &format!("}}}}:{visit}\n"));
        world.objects(PROD).set_aws_auth(key, Some(&intruded), "mallory").unwrap();
        let told = world.events("grant.drift_found").await.len();
        world.look_again().await;
        let trouble = world.trouble(grant).await;
        assert!(trouble.contains(names) && trouble.contains("a person who may edit"), "{what}: {trouble}");
        assert_eq!(world.condition(grant).await, "blocked", "{what}");
        assert_eq!(world.bindings(PROD).len(), 1, "{what}: gus's alone");
        let found = world.events("grant.drift_found").await;
        assert_eq!(found.len(), told + 1, "{what}");
        assert!(found.last().unwrap().to_string().contains(names), "{what}: {found:?}");
        assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200, "{what}");
        // The drift is told once, however often the worker looks.
        world.look_again().await;
        assert_eq!(world.events("grant.drift_found").await.len(), told + 1, "{what}");
        assert_eq!(world.aws_auth(PROD)[key], intruded, "{what}: it is theirs to take away");

        world.objects(PROD).set_aws_auth(key, Some(&before[key]), "mallory").unwrap();
        world.look_again().await;
        assert_eq!(world.condition(grant).await, "ok", "{what}: {}", world.trouble(grant).await);
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{what}");
        world.give_back("ana", grant).await;
        world.until(grant, "ended").await;
        assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana:"), "{what}");
    }
    world.ends_clean("gus", gus).await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}

#[tokio::test]
async fn groups_on_the_line_are_told_as_more_than_was_decided_until_they_are_taken_out() {
    let world = World::new().await;
    let (_other, grant) = (world.active("gus").await, world.active("ana").await);
    let before = world.aws_auth(PROD)["mapUsers"].clone();
    let (others, line) = before.rsplit_once("- ").unwrap();
    let masters = format!("{others}- {}\n  groups: [\"system:masters\"]\n", line.trim_end());
    world.objects(PROD).set_aws_auth("mapUsers", Some(&masters), "kubectl-edit").unwrap();
    for look in 1..=2 {
        world.look_again().await;
        let told = health::wider(&world.town.web, 10).await.unwrap();
        let [wider] = told.try_into().expect("the access whose line has groups, and no other");
        assert_eq!(wider.grant, grant);
        let is_told = |why: &Blocker| matches!(why, Blocker::LineWithGroups { groups, by, .. } if groups == &["system:masters"] && by == &["kubectl-edit"]);
        assert!(matches!(&wider.what[..], [why] if is_told(why)), "{look}: {:?}", wider.what);
        let more = pulse::read(&world.town.web).await.unwrap().wider.expect("operators are told on every page");
        assert_eq!((more.accesses, more.first), (1, grant));
    }
    world.objects(PROD).set_aws_auth("mapUsers", Some(&before), "kubectl-edit").unwrap();
    world.look_again().await;
    assert_eq!(health::wider(&world.town.web, 10).await.unwrap(), []);
    assert_eq!(pulse::read(&world.town.web).await.unwrap().wider, None);
}

#[tokio::test]
async fn a_template_that_could_come_out_as_anybody_cuts_everybody_until_it_is_taken_away() {
    let world = World::new().await;
    let grants = [world.active("ana").await, world.active("gus").await];
    let before = world.aws_auth(PROD)["mapRoles"].clone();
    let template =
        "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: \"latchkey:{{SessionNameRaw}}:{{AccountID}}\"\n";
    world.objects(PROD).set_aws_auth("mapRoles", Some(&format!("{before}{template}")), "mallory").unwrap();
    world.look_again().await;
    assert!(world.bindings(PROD).is_empty());
    for grant in grants {
        assert!(world.trouble(grant).await.contains("role/ops"), "{}", world.trouble(grant).await);
    }
    world.objects(PROD).set_aws_auth("mapRoles", Some(&before), "mallory").unwrap();
    world.look_again().await;
    assert_eq!(world.bindings(PROD).len(), 2);
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
}

#[tokio::test]
async fn an_access_ends_though_somebody_else_can_be_its_username() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let theirs = format!("- userarn: {OTHER}\n  username: latchkey:ana:1\n");
    let text = world.aws_auth(PROD)["mapUsers"].clone() + &theirs;
    world.objects(PROD).set_aws_auth("mapUsers", Some(&text), "mallory").unwrap();
    world.give_back("ana", grant).await;
    world.until_trouble(grant, "still").await;
    assert!(world.bindings(PROD).is_empty());
    // The foreign line carries a username of Latchkey's: only its owner can take it out, and until then it is told.
    assert_eq!(world.aws_auth(PROD)["mapUsers"], format!("{USERS}{theirs}"));
    world.objects(PROD).set_aws_auth("mapUsers", Some(USERS), "mallory").unwrap();
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
}

#[tokio::test]
async fn groups_on_our_line_at_the_end_are_taken_out_by_whoever_put_them_in() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let before = world.aws_auth(PROD)["mapUsers"].clone();
    let grouped = format!("{}\n  groups: [\"system:masters\"]\n", before.trim_end());
    world.objects(PROD).set_aws_auth("mapUsers", Some(&grouped), "mallory").unwrap();
    world.give_back("ana", grant).await;
    world.until_trouble(grant, "a person who may edit").await;
    assert!(world.bindings(PROD).is_empty(), "the binding goes all the same");
    assert_eq!(world.state(grant).await, "revoking", "and who is in system:masters is not told to be out");
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("the groups system:masters") && trouble.contains("cluster-admin"), "{trouble}");
    world.objects(PROD).set_aws_auth("mapUsers", Some(&before), "mallory").unwrap();
    world.rests_are_over().await;
    world.until(grant, "ended").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
}
