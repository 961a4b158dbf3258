use latchkey_simulator::{Simulator, aws::Fault, seed::SeedPermissionSet};
use serde_json::json;

use super::client::{allowing, call, devs, limited, simulator, trust, worker};

const VIEWER: &str = "arn:aws:iam::111122223333:role/teams/viewer";

async fn with_viewer() -> Simulator {
    let simulator = simulator().await;
    simulator.aws().add_role("viewer", "/teams/", &trust(), &[]).unwrap();
    simulator
}

/// Each call on a role, with what it needs beside the role's name.
fn calls() -> [(&'static str, Vec<(&'static str, String)>); 11] {
    let named = || ("PolicyName", "p".to_owned());
    [
        ("GetRole", vec![]),
        ("PutRolePolicy", vec![named(), ("PolicyDocument", allowing("eks:DescribeCluster").to_string())]),
        ("GetRolePolicy", vec![named()]),
        ("ListRolePolicies", vec![]),
        ("ListAttachedRolePolicies", vec![]),
        ("TagRole", vec![("Tags.member.1.Key", "owner".to_owned()), ("Tags.member.1.Value", "us".to_owned())]),
        ("ListRoleTags", vec![]),
        ("UntagRole", vec![("TagKeys.member.1", "owner".to_owned())]),
        ("UpdateAssumeRolePolicy", vec![("PolicyDocument", trust().to_string())]),
        ("DeleteRolePolicy", vec![named()]),
        ("DeleteRole", vec![]),
    ]
}

fn fields<'a>(role: &'a str, more: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    let more = more.iter().map(|(name, value)| (*name, value.as_str()));
    [("RoleName", role)].into_iter().chain(more).collect()
}

#[tokio::test]
async fn each_call_needs_its_right_to_the_role_with_its_path() {
    let simulator = with_viewer().await;
    for (action, more) in &calls() {
        let statement =
            |resource: &str| json!({ "Effect": "Allow", "Action": format!("iam:{action}"), "Resource": resource });
        let pathless = limited(&simulator, &format!("{action}-no"), &statement(&VIEWER.replace("/teams", "")));
        let refused = call(&simulator, &pathless, action, &fields("viewer", more)).await;
        let text = format!(
            "User: arn:aws:iam::111122223333:user/teams/{action}-no is not authorized to perform: iam:{action} on \
             resource: {VIEWER} because no identity-based policy allows the iam:{action} action"
        );
        assert_eq!(refused.error(), (403, "AccessDenied", text));
        let allowed = limited(&simulator, action, &statement(VIEWER));
        call(&simulator, &allowed, action, &fields("viewer", more)).await.good();
    }
    assert_eq!(simulator.aws().role_arn("viewer"), None, "the last one deleted it");
}

#[tokio::test]
async fn a_role_that_is_absent_is_not_found_by_any_call() {
    let simulator = simulator().await;
    for (action, more) in &calls() {
        let answer = call(&simulator, &worker(&simulator), action, &fields("viewer", more)).await;
        assert_eq!(answer.error(), (404, "NoSuchEntity", "The role with name viewer cannot be found.".to_owned()));
    }
}

#[tokio::test]
async fn an_inline_policy_is_put_read_listed_and_deleted() {
    let simulator = with_viewer().await;
    let worker = worker(&simulator);
    let (first, second) = (allowing("eks:DescribeCluster"), allowing("eks:ListClusters"));
    for (name, document) in [("one", &second), ("two", &second), ("one", &first)] {
        let document = document.to_string();
        let fields = [("RoleName", "Viewer"), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        call(&simulator, &worker, "PutRolePolicy", &fields).await.good();
    }
    let one = [("RoleName", "viewer"), ("PolicyName", "one")];
    let read = call(&simulator, &worker, "GetRolePolicy", &one).await.good();
    assert_eq!((read.text("RoleName"), read.text("PolicyName")), ("viewer", "one"));
    assert_eq!(read.document("PolicyDocument"), first);
    let listed = call(&simulator, &worker, "ListRolePolicies", &[("RoleName", "viewer")]).await.good();
    assert_eq!(listed.texts("member"), ["one", "two"]);
    assert_eq!(simulator.aws().role_policies("viewer").unwrap()["one"], first.to_string());
    call(&simulator, &worker, "DeleteRolePolicy", &one).await.good();
    let missing = "The role policy with name one cannot be found.".to_owned();
    for action in ["GetRolePolicy", "DeleteRolePolicy"] {
        assert_eq!(call(&simulator, &worker, action, &one).await.error(), (404, "NoSuchEntity", missing.clone()));
    }
    let over_time = simulator.aws().role_policies_over_time("viewer");
    let names: Vec<_> = over_time.iter().map(|(_, policies)| policies.keys().cloned().collect::<String>()).collect();
    assert_eq!(names.iter().rev().take(5).collect::<Vec<_>>(), ["two", "onetwo", "onetwo", "one", ""]);
    let bad = [("RoleName", "viewer"), ("PolicyName", "p"), ("PolicyDocument", "{}")];
    let answer = call(&simulator, &worker, "PutRolePolicy", &bad).await;
    assert_eq!(answer.error(), (400, "MalformedPolicyDocument", "Syntax errors in policy.".to_owned()));
}

#[tokio::test]
async fn all_inline_policies_of_a_role_have_10240_characters_together_without_white_space() {
    let simulator = with_viewer().await;
    let worker = worker(&simulator);
    let put = async |name: &str, characters: usize, space: &str| {
        let mut document = allowing("eks:DescribeCluster");
        let bare = document.to_string().len() + r#","Sid":"""#.len();
        document["Statement"][0]["Sid"] = "a".repeat(characters - bare).into();
        let document = format!("{space}{document}");
        let fields = [("RoleName", "viewer"), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        call(&simulator, &worker, "PutRolePolicy", &fields).await
    };
    put("one", 10_000, &" \n\t".repeat(200)).await.good();
    let text = "Maximum policy size of 10240 bytes exceeded for role viewer".to_owned();
    assert_eq!(put("two", 241, "").await.error(), (409, "LimitExceeded", text));
    assert_eq!(simulator.aws().role_policies("viewer").unwrap().len(), 1);
    put("two", 240, "").await.good();
}

#[tokio::test]
async fn tags_are_in_the_answer_for_one_role_and_not_in_the_list() {
    let simulator = with_viewer().await;
    let worker = worker(&simulator);
    let tags = [
        ("RoleName", "viewer"),
        ("Tags.member.1.Key", "owner"),
        ("Tags.member.1.Value", "us"),
        ("Tags.member.2.Key", "latchkey"),
        ("Tags.member.2.Value", "1"),
    ];
    call(&simulator, &worker, "TagRole", &tags).await.good();
    let role = [("RoleName", "viewer")];
    for action in ["GetRole", "ListRoleTags"] {
        let answer = call(&simulator, &worker, action, &role).await.good();
        assert_eq!(
            (answer.texts("Key"), answer.texts("Value")),
            (vec!["latchkey", "owner"], vec!["1", "us"]),
            "{action}"
        );
    }
    let list = call(&simulator, &worker, "ListRoles", &[("PathPrefix", "/teams/")]).await.good();
    assert_eq!((list.text("Arn"), list.texts("Tags")), (VIEWER, vec![]));
    let untag = [("RoleName", "viewer"), ("TagKeys.member.1", "owner"), ("TagKeys.member.2", "absent")];
    call(&simulator, &worker, "UntagRole", &untag).await.good();
    assert_eq!(simulator.aws().role_tags("viewer").unwrap(), [("latchkey".to_owned(), "1".to_owned())].into());
    let reserved = [("RoleName", "viewer"), ("Tags.member.1.Key", "aws:x"), ("Tags.member.1.Value", "")];
    assert_eq!(call(&simulator, &worker, "TagRole", &reserved).await.error().1, "InvalidInput");
}

#[tokio::test]
async fn a_role_is_deleted_once_it_has_no_inline_policy() {
    let simulator = with_viewer().await;
    let worker = worker(&simulator);
    simulator.aws().add_role("viewer", "/teams/", &trust(), &[("p", allowing("eks:*"))]).unwrap();
    let role = [("RoleName", "viewer")];
    let text = "Cannot delete entity, must delete policies first.".to_owned();
    assert_eq!(call(&simulator, &worker, "DeleteRole", &role).await.error(), (409, "DeleteConflict", text));
    call(&simulator, &worker, "DeleteRolePolicy", &[("RoleName", "viewer"), ("PolicyName", "p")]).await.good();
    call(&simulator, &worker, "DeleteRole", &role).await.good();
    assert_eq!(call(&simulator, &worker, "GetRole", &role).await.error().1, "NoSuchEntity");
}

#[tokio::test]
async fn a_trust_policy_is_replaced_by_one_that_iam_takes() {
    let simulator = with_viewer().await;
    let worker = worker(&simulator);
    let update = async |document: &str| {
        let fields = [("RoleName", "viewer"), ("PolicyDocument", document)];
        call(&simulator, &worker, "UpdateAssumeRolePolicy", &fields).await
    };
    let statement = |field: &str, value: &str| {
        let mut document = trust();
        document["Statement"][0][field] = value.into();
        document.to_string()
    };
    let mut without = trust();
    without["Statement"][0].as_object_mut().unwrap().remove("Principal");
    for (document, text) in [
        ("{".to_owned(), "This policy contains invalid Json"),
        ("{}".to_owned(), "Syntax errors in policy."),
        (statement("Effect", "Perhaps"), "Syntax errors in policy."),
        (statement("Resource", "*"), "Has prohibited field Resource"),
        (without.to_string(), "Missing required field Principal"),
        (statement("Action", "iam:GetUser"), "AssumeRole policy may only specify STS AssumeRole actions."),
    ] {
        let answer = update(&document).await;
        assert_eq!(answer.error(), (400, "MalformedPolicyDocument", text.to_owned()), "{document}");
    }
    let long = update(&statement("Sid", &"a".repeat(2_048))).await;
    assert_eq!(long.error(), (409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048".to_owned()));
    let read = async || call(&simulator, &worker, "GetRole", &[("RoleName", "viewer")]).await.good();
    assert_eq!(read().await.document("AssumeRolePolicyDocument"), trust());
    update(&statement("Sid", "ours")).await.good();
    assert_eq!(read().await.document("AssumeRolePolicyDocument")["Statement"][0]["Sid"], "ours");
}

#[tokio::test]
async fn a_role_that_is_aws_own_refuses_every_write_and_is_read() {
    let simulator = simulator().await;
    let aws = simulator.aws();
    let linked = "AWSServiceRoleForAmazonEKS";
    aws.add_role(linked, "/aws-service-role/eks.amazonaws.com/", &trust(), &[("p", allowing("eks:*"))]).unwrap();
    let mut set = devs();
    set.policies.insert("p".to_owned(), allowing("eks:DescribeCluster"));
    let name = aws.add_identity_center_role(&set).unwrap();
    assert_eq!(name, "AWSReservedSSO_Devs_0123456789abcdef");
    for role in [linked, &name] {
        for (action, more) in &calls() {
            let answer = call(&simulator, &worker(&simulator), action, &fields(role, more)).await;
            if action.starts_with("Get") || action.starts_with("List") {
                answer.good();
                continue;
            }
            let text = format!(
                "Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS"
            );
            assert_eq!(answer.error(), (400, "UnmodifiableEntity", text), "{action}");
        }
    }
    let document = trust().to_string();
    let fields = [("RoleName", "x"), ("Path", "/aws-reserved/x/"), ("AssumeRolePolicyDocument", document.as_str())];
    assert_eq!(call(&simulator, &worker(&simulator), "CreateRole", &fields).await.error().1, "UnmodifiableEntity");
}

#[tokio::test]
async fn a_role_of_identity_center_trusts_its_provider_alone() {
    let simulator = simulator().await;
    let name = simulator.aws().add_identity_center_role(&devs()).unwrap();
    let role = call(&simulator, &worker(&simulator), "GetRole", &[("RoleName", &name)]).await.good();
    let path = "/aws-reserved/sso.amazonaws.com/eu-west-1/";
    assert_eq!(role.text("Arn"), format!("arn:aws:iam::111122223333:role{path}{name}"));
    let document = role.document("AssumeRolePolicyDocument");
    let provider = "arn:aws:iam::111122223333:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE";
    assert_eq!(document["Statement"][0]["Principal"], json!({ "Federated": provider }));
    let assume = [("RoleArn", role.text("Arn")), ("RoleSessionName", "jane@example.com")];
    assert_eq!(call(&simulator, &worker(&simulator), "AssumeRole", &assume).await.error().1, "AccessDenied");
    let list = [("PathPrefix", "/aws-reserved/sso.amazonaws.com/")];
    let list = call(&simulator, &worker(&simulator), "ListRoles", &list).await.good();
    assert_eq!(list.texts("RoleName"), [name]);
}

#[tokio::test]
async fn where_identity_center_lives_in_us_east_1_the_path_has_no_region_and_a_seed_may_have_the_role() {
    let mut seed = latchkey_simulator::seed::Seed::new("us-east-1", "111122223333");
    seed.permission_sets.push(SeedPermissionSet::new("Devs", "0123456789abcdef"));
    let simulator = Simulator::start(seed, None).await.unwrap();
    let arn = simulator.aws().role_arn("AWSReservedSSO_Devs_0123456789abcdef").unwrap();
    assert!(arn.ends_with(":role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Devs_0123456789abcdef"), "{arn}");
}

#[tokio::test]
async fn a_call_on_a_role_fails_and_settles_as_the_knobs_say() {
    let simulator = with_viewer().await;
    let (worker, faults) = (worker(&simulator), simulator.aws().faults());
    let document = allowing("eks:DescribeCluster").to_string();
    let fields = [("RoleName", "viewer"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    faults.next("iam:PutRolePolicy", 1, &Fault::Throttle);
    assert_eq!(call(&simulator, &worker, "PutRolePolicy", &fields).await.error().1, "Throttling");
    assert!(simulator.aws().role_policies("viewer").unwrap().is_empty());
    // Reads see the account as it was before the role was there.
    faults.settle(std::time::Duration::from_mins(1));
    call(&simulator, &worker, "PutRolePolicy", &fields).await.good();
    let read = async || call(&simulator, &worker, "GetRolePolicy", &fields[..2]).await;
    assert_eq!(read().await.error().1, "NoSuchEntity");
    faults.clear();
    read().await.good();
    let calls: Vec<_> = faults.calls().into_iter().filter(|call| call.action == "PutRolePolicy").collect();
    let errors: Vec<_> = calls.iter().map(|call| call.error.as_deref()).collect();
    assert_eq!(errors, [Some("Throttling"), None]);
}
