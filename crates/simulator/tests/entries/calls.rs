use latchkey_simulator::{aws::Fault, seed::AuthenticationMode};
use serde_json::{Value, json};

use super::client::{Eks, JANE, NO_ENTRY, VIEW, foreign};

const USER: &str = "arn:aws:iam::111122223333:user/latchkey-worker";

#[tokio::test]
async fn every_entry_call_needs_a_mode_that_has_entries() {
    let eks = Eks::new().await;
    let refused = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this \
                   operation.";
    let answers = [
        eks.create("classic", json!({ "principalArn": JANE })).await,
        eks.describe("classic", JANE).await,
        eks.update("classic", JANE, json!({ "username": "jane" })).await,
        eks.delete("classic", JANE).await,
        eks.list("classic", "").await,
        eks.associate("classic", JANE, VIEW, json!({ "type": "cluster" })).await,
        eks.disassociate("classic", JANE, VIEW).await,
        eks.associated("classic", JANE).await,
    ];
    for answer in answers {
        assert_eq!(answer.error(), (400, "InvalidRequestException", refused));
    }
    for mode in [AuthenticationMode::ApiAndConfigMap, AuthenticationMode::Api] {
        eks.simulator.aws().set_mode("classic", mode);
        eks.create("classic", json!({ "principalArn": JANE })).await.good();
        eks.delete("classic", JANE).await.good();
        let described = eks.call("GET", "/clusters/classic", None).await.good();
        assert_eq!(described["cluster"]["accessConfig"]["authenticationMode"], mode.as_str());
    }
}

#[tokio::test]
async fn nobody_switches_the_mode_of_a_cluster_through_the_api() {
    let eks = Eks::new().await;
    let body = json!({ "accessConfig": { "authenticationMode": "API" } });
    let answer = eks.call("POST", "/clusters/classic/update-config", Some(body)).await;
    assert_eq!(answer.error().1, "UnknownOperationException");
    assert_eq!(eks.simulator.aws().mode("classic"), Some(AuthenticationMode::ConfigMap));
}

#[tokio::test]
async fn an_entry_says_what_it_is_and_is_another_one_each_time_it_is_made() {
    let eks = Eks::new().await;
    let body = json!({ "principalArn": JANE, "username": "latchkey:jane:1", "kubernetesGroups": ["viewers"],
                       "tags": { "latchkey/cluster": "modern" } });
    let made = eks.create("modern", body.clone()).await.good()["accessEntry"].take();
    for (field, value) in [
        ("clusterName", json!("modern")),
        ("principalArn", json!(JANE)),
        ("username", json!("latchkey:jane:1")),
        ("kubernetesGroups", json!(["viewers"])),
        ("type", json!("STANDARD")),
        ("tags", json!({ "latchkey/cluster": "modern" })),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let arn = made["accessEntryArn"].as_str().unwrap();
    let stem = "arn:aws:eks:eu-west-1:111122223333:access-entry/modern/user/111122223333/jane/";
    assert!(arn.strip_prefix(stem).is_some_and(|id| id.len() == 36), "{arn}");
    let now = f64::from(u32::try_from(jiff::Timestamp::now().as_second()).unwrap());
    assert!(made["createdAt"].is_f64() && (now - made["createdAt"].as_f64().unwrap()).abs() < 60.0, "{made}");
    assert_eq!(made["modifiedAt"], made["createdAt"]);
    assert_eq!(eks.describe("modern", JANE).await.good()["accessEntry"], made);

    let again = eks.create("modern", body.clone()).await;
    let in_use = "The specified access entry resource is already in use on this cluster.";
    assert_eq!(again.error(), (409, "ResourceInUseException", in_use));
    assert_eq!(eks.delete("modern", JANE).await.good(), json!({}));
    let second = eks.create("modern", body).await.good();
    assert_ne!(second["accessEntry"]["accessEntryArn"], arn);
}

#[tokio::test]
async fn an_entry_without_a_username_gets_the_one_that_eks_gives() {
    let eks = Eks::new().await;
    eks.simulator.aws().add_role("viewer", "/teams/", &json!({}), &[]).unwrap();
    let role = "arn:aws:iam::111122223333:role/teams/viewer";
    for (principal, username) in [(JANE, JANE), (role, "arn:aws:sts::111122223333:assumed-role/viewer/{{SessionName}}")]
    {
        let made = eks.create("both", json!({ "principalArn": principal, "username": "" })).await.good();
        assert_eq!(made["accessEntry"]["username"], username);
        assert_eq!(made["accessEntry"]["kubernetesGroups"], json!([]));
    }
}

#[tokio::test]
async fn the_same_request_with_the_same_token_makes_one_entry() {
    let eks = Eks::new().await;
    let body = |token: &str, username: &str| json!({ "principalArn": JANE, "username": username, "clientRequestToken": token });
    let first = eks.create("modern", body("t1", "jane:1")).await.good();
    assert_eq!(eks.create("modern", body("t1", "jane:1")).await.good(), first);
    let other = "The specified clientRequestToken was used with other parameters.";
    let changed = eks.create("modern", body("t1", "jane:2")).await;
    assert_eq!(changed.error(), (400, "InvalidParameterException", other));
    let of_another = json!({ "principalArn": USER, "username": "jane:1", "clientRequestToken": "t1" });
    assert_eq!(eks.create("modern", of_another).await.error(), (400, "InvalidParameterException", other));
    assert_eq!(eks.create("modern", body("t2", "jane:1")).await.error().1, "ResourceInUseException");

    // A request that comes once more after the deletion makes another entry.
    eks.delete("modern", JANE).await.good();
    let late = eks.create("modern", body("t1", "jane:1")).await.good();
    assert_ne!(late["accessEntry"]["accessEntryArn"], first["accessEntry"]["accessEntryArn"]);
}

#[tokio::test]
async fn a_create_that_was_never_answered_is_answered_to_its_repetition() {
    let eks = Eks::new().await;
    let body = json!({ "principalArn": JANE, "clientRequestToken": "t1" });
    eks.simulator.aws().faults().next("eks:CreateAccessEntry", 1, &Fault::SilentAfterSuccess);
    let unanswered = eks.create("modern", body.clone());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(500), unanswered).await.is_err());
    let id = eks.simulator.aws().held_entries("modern")[0].id.clone();
    let made = eks.create("modern", body).await.good();
    assert!(made["accessEntry"]["accessEntryArn"].as_str().unwrap().ends_with(&id), "{made}");
}

#[tokio::test]
async fn an_update_replaces_what_it_names_and_leaves_the_rest() {
    let eks = Eks::new().await;
    let body = json!({ "principalArn": JANE, "username": "jane:1", "kubernetesGroups": ["a", "b"] });
    let made = eks.create("modern", body).await.good()["accessEntry"].take();
    let groups = json!({ "kubernetesGroups": ["c"], "clientRequestToken": "u1" });
    let updated = eks.update("modern", JANE, groups.clone()).await.good()["accessEntry"].take();
    assert_eq!((&updated["username"], &updated["kubernetesGroups"]), (&json!("jane:1"), &json!(["c"])));
    assert_eq!(updated["accessEntryArn"], made["accessEntryArn"]);
    let times = |entry: &Value| (entry["createdAt"].as_f64().unwrap(), entry["modifiedAt"].as_f64().unwrap());
    assert!(times(&updated).0.to_bits() == times(&made).0.to_bits() && times(&updated).1 >= times(&made).1);
    assert_eq!(eks.update("modern", JANE, groups).await.good()["accessEntry"], updated, "the same token, no change");
    let other = json!({ "kubernetesGroups": [], "clientRequestToken": "u1" });
    assert_eq!(eks.update("modern", JANE, other).await.error().1, "InvalidParameterException");
    let emptied = eks.update("modern", JANE, json!({ "username": "jane:2", "kubernetesGroups": [] })).await.good();
    let entry = &emptied["accessEntry"];
    assert_eq!((&entry["username"], &entry["kubernetesGroups"]), (&json!("jane:2"), &json!([])));
    let refused = eks.update("modern", JANE, json!({ "username": "jane:3", "kubernetesGroups": ["system:x"] })).await;
    assert_eq!(refused.error().1, "InvalidParameterException");
    assert_eq!(eks.describe("modern", JANE).await.good()["accessEntry"]["username"], "jane:2", "nothing of it");
}

#[tokio::test]
async fn what_is_absent_is_not_found_in_the_words_of_eks() {
    let eks = Eks::new().await;
    let answers = [
        eks.describe("modern", JANE).await,
        eks.update("modern", JANE, json!({ "username": "jane" })).await,
        eks.delete("modern", JANE).await,
        eks.associate("modern", JANE, VIEW, json!({ "type": "cluster" })).await,
        eks.disassociate("modern", JANE, VIEW).await,
        eks.associated("modern", JANE).await,
    ];
    for answer in answers {
        assert_eq!(answer.error(), (404, "ResourceNotFoundException", NO_ENTRY));
    }
    let gone = "No cluster found for name: gone.";
    for answer in [eks.list("gone", "").await, eks.create("gone", json!({ "principalArn": JANE })).await] {
        assert_eq!(answer.error(), (404, "ResourceNotFoundException", gone));
    }
}

#[tokio::test]
async fn an_entry_can_be_absent_for_readers_right_after_it_was_made() {
    let eks = Eks::new().await;
    eks.simulator.aws().faults().settle(std::time::Duration::from_mins(1));
    eks.create("modern", json!({ "principalArn": JANE })).await.good();
    assert_eq!(eks.describe("modern", JANE).await.error(), (404, "ResourceNotFoundException", NO_ENTRY));
    eks.simulator.aws().faults().settle(std::time::Duration::ZERO);
    eks.describe("modern", JANE).await.good();
}

#[tokio::test]
async fn a_cluster_takes_no_more_entries_than_its_limit() {
    let eks = Eks::new().await;
    eks.simulator.aws().entry_knobs().limit(2);
    for number in 0..2 {
        eks.create("modern", json!({ "principalArn": foreign(number) })).await.good();
    }
    let third = eks.create("modern", json!({ "principalArn": foreign(2) })).await;
    assert_eq!((third.status, third.error().1), (400, "ResourceLimitExceededException"));
    let known = eks.create("modern", json!({ "principalArn": foreign(1) })).await;
    assert_eq!(known.error().1, "ResourceInUseException");
    eks.simulator.aws().entry_knobs().clear();
    eks.create("modern", json!({ "principalArn": foreign(2) })).await.good();
}

#[tokio::test]
async fn names_are_refused_in_the_words_of_eks() {
    let eks = Eks::new().await;
    for (names, text) in [
        (json!({ "username": "system:admin" }), "The username must not begin with system:"),
        (json!({ "username": "eks:admin" }), "The username must not begin with eks:"),
        (json!({ "username": "iam:admin" }), "The username must not begin with iam:"),
        (
            json!({ "kubernetesGroups": ["viewers", "system:masters"] }),
            "The kubernetes group name system:masters is invalid, it cannot start with system:",
        ),
        (
            json!({ "username": "{{SessionName}}" }),
            "The username must have a colon before {{SessionName}} or {{SessionNameRaw}}",
        ),
        (json!({ "type": "PERSON" }), "The specified type is invalid."),
        (json!({ "tags": { "aws:x": "y" } }), "A tag's key or value is invalid."),
    ] {
        let mut body = names.clone();
        body["principalArn"] = json!(JANE);
        let answer = eks.create("modern", body).await;
        assert_eq!(answer.error(), (400, "InvalidParameterException", text), "{names}");
    }
    for names in [
        json!({ "username": "latchkey:jane:{{SessionNameRaw}}", "kubernetesGroups": ["eks:viewers"] }),
        json!({ "username": "System:jane", "kubernetesGroups": [] }),
    ] {
        let mut body = names;
        body["principalArn"] = json!(JANE);
        eks.create("modern", body).await.good();
        eks.delete("modern", JANE).await.good();
    }
    assert_eq!(eks.create("modern", json!({ "principalArn": 1 })).await.error().1, "SerializationException");
}
