//! What AWS documents and moto does not do: signatures, rights, limits, access entries; and the simulator's own knobs.

use latchkey_testkit::{ACCOUNT, cluster_arn, iam_arn};
use std::time::Duration;

use aws_sdk_eks::types::{AccessScope, AccessScopeType};
use latchkey_simulator::{
    Simulator,
    aws::{ApiError, Fault},
    seed::{ExternalServer, Keys, Seed, SeedCluster},
};
use serde_json::json;

use super::aws::{Subject, code, describing, unique};

fn long_policy(characters: usize) -> String {
    let short = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "arn:aws:eks:us-east-1:111122223333:cluster/",
    }] });
    let text = short.to_string();
    let rest = characters - text.len();
    text.replace("cluster/", &format!("cluster/{}", "x".repeat(rest)))
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let jane = iam.create_user().user_name("jane").send().await.unwrap().user.unwrap();
    assert!(jane.user_id.starts_with("AIDA") && jane.user_id.len() == 20, "{jane:?}");
    assert_eq!(code(iam.create_user().user_name("JANE").send().await), "EntityAlreadyExists");
    assert_eq!(iam.get_user().user_name("Jane").send().await.unwrap().user.unwrap().user_name, "jane");
    assert_eq!(code(iam.create_user().user_name("a b").send().await), "ValidationError");
}

#[tokio::test]
async fn inline_policies_of_a_user_have_2048_characters_together_without_white_space() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let (name, _) = subject.user().await;
    let put = |policy: &'static str, text: String| {
        iam.put_user_policy().user_name(&name).policy_name(policy).policy_document(text).send()
    };
    put("first", long_policy(1_000)).await.unwrap();
    assert_eq!(code(put("second", long_policy(1_049)).await), "LimitExceeded");
    assert_eq!(iam.list_user_policies().user_name(&name).send().await.unwrap().policy_names, ["first"]);
    // White space does not count.
    put("second", long_policy(1_048).replace(',', ",\n\t    ")).await.unwrap();
}

#[tokio::test]
async fn a_key_opens_what_the_users_policies_allow_and_nothing_else() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let (name, keys) = subject.user().await;
    let user = subject.clients(&keys, None).await;
    assert_eq!(code(user.eks.describe_cluster().name("classic").send().await), "AccessDeniedException");
    assert_eq!(code(user.iam.get_user().user_name(&name).send().await), "AccessDenied");
    user.sts.get_caller_identity().send().await.unwrap();

    let put =
        iam.put_user_policy().user_name(&name).policy_name("p").policy_document(describing("classic").to_string());
    put.send().await.unwrap();
    user.eks.describe_cluster().name("classic").send().await.unwrap();
    assert_eq!(code(user.eks.describe_cluster().name("modern").send().await), "AccessDeniedException");
    assert_eq!(code(user.eks.list_clusters().send().await), "AccessDeniedException");

    iam.delete_user_policy().user_name(&name).policy_name("p").send().await.unwrap();
    assert_eq!(code(user.eks.describe_cluster().name("classic").send().await), "AccessDeniedException");
}

#[tokio::test]
async fn simulated_policies_say_yes_no_or_nothing_and_do_nothing() {
    use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType as Decision};
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let (name, keys) = subject.user().await;
    let arn = iam.get_user().user_name(&name).send().await.unwrap().user.unwrap().arn;
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "iam:Get*", "Resource": "arn:aws:iam::*:user/a/*" },
        { "Effect": "Deny", "Action": "iam:GetUserPolicy", "Resource": "*" },
        { "Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*",
          "Condition": { "StringEquals": { "iam:PermissionsBoundary": "b" } } },
    ] });
    iam.put_user_policy().user_name(&name).policy_name("p").policy_document(policy.to_string()).send().await.unwrap();
    let ask = |action: &str| {
        let user = &iam_arn("user/a/jane");
        iam.simulate_principal_policy().policy_source_arn(&arn).action_names(action).resource_arns(user)
    };
    for (action, decision, unsaid) in [
        ("iam:GetUser", Decision::Allowed, 0),
        ("iam:GetUserPolicy", Decision::ExplicitDeny, 0),
        ("iam:TagUser", Decision::ImplicitDeny, 0),
        ("iam:PutUserPolicy", Decision::ImplicitDeny, 1),
    ] {
        let result = ask(action).send().await.unwrap().evaluation_results.unwrap().remove(0);
        assert_eq!(
            (result.eval_decision, result.missing_context_values.unwrap().len()),
            (decision, unsaid),
            "{action}"
        );
    }
    let boundary = ContextEntry::builder().context_key_name("iam:PermissionsBoundary").context_key_values("b");
    let boundary = boundary.context_key_type(ContextKeyTypeEnum::String).build();
    let answer = ask("iam:PutUserPolicy").context_entries(boundary).send().await.unwrap();
    assert_eq!(answer.evaluation_results.unwrap()[0].eval_decision, Decision::Allowed);
    let own = subject.clients(&keys, None).await.iam;
    let refused = own.simulate_principal_policy().policy_source_arn(&arn).action_names("iam:GetUser").send().await;
    assert_eq!(code(refused), "AccessDenied");
    let absent = iam.simulate_principal_policy().policy_source_arn(format!("{arn}x")).action_names("iam:GetUser");
    assert_eq!(code(absent.send().await), "NoSuchEntity");
}

#[tokio::test]
async fn a_wrong_unknown_or_inactive_key_is_refused_in_each_services_words() {
    let subject = Subject::simulator().await;
    let (name, keys) = subject.user().await;
    let wrong = Keys { secret_access_key: "x".repeat(40), ..keys.clone() };
    let wrong = subject.clients(&wrong, None).await;
    assert_eq!(code(wrong.sts.get_caller_identity().send().await), "SignatureDoesNotMatch");
    assert_eq!(code(wrong.iam.get_user().user_name(&name).send().await), "SignatureDoesNotMatch");
    assert_eq!(code(wrong.eks.list_clusters().send().await), "InvalidSignatureException");

    let unknown = Keys { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..keys.clone() };
    let unknown = subject.clients(&unknown, None).await;
    assert_eq!(code(unknown.sts.get_caller_identity().send().await), "InvalidClientTokenId");
    assert_eq!(code(unknown.eks.list_clusters().send().await), "UnrecognizedClientException");

    let update = subject.admin().await.iam.update_access_key().user_name(&name).access_key_id(&keys.access_key_id);
    update.status(aws_sdk_iam::types::StatusType::Inactive).send().await.unwrap();
    let inactive = subject.clients(&keys, None).await;
    assert_eq!(code(inactive.sts.get_caller_identity().send().await), "InvalidClientTokenId");
}

#[tokio::test]
async fn a_role_is_assumed_by_whom_it_trusts() {
    let subject = Subject::simulator().await;
    let (name, keys) = subject.user().await;
    let arn = |user: &str| iam_arn(&format!("user/{user}"));
    let trust = |user: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": arn(user) },
        }] })
    };
    let aws = subject.inside().aws();
    aws.add_role("ours", "/", &trust(&name), &[("p", describing("classic"))]).unwrap();
    aws.add_role("theirs", "/", &trust("somebody"), &[]).unwrap();
    let sts = subject.clients(&keys, None).await.sts;
    let assume =
        |role: &str| sts.assume_role().role_arn(iam_arn(&format!("role/{role}"))).role_session_name("me").send();
    assert_eq!(code(assume("theirs").await), "AccessDenied");
    let session = assume("ours").await.unwrap().credentials.unwrap();
    let keys = Keys { access_key_id: session.access_key_id, secret_access_key: session.secret_access_key };
    assert_eq!(code(subject.clients(&keys, None).await.sts.get_caller_identity().send().await), "InvalidClientTokenId");
    let session = subject.clients(&keys, Some(session.session_token)).await;
    session.eks.describe_cluster().name("classic").send().await.unwrap();
    assert_eq!(code(session.eks.describe_cluster().name("modern").send().await), "AccessDeniedException");
}

#[tokio::test]
async fn a_cluster_is_described_with_its_mode_and_its_server() {
    let mut seed = Seed::new("eu-west-1", ACCOUNT);
    let external = ExternalServer { server: "https://127.0.0.1:6443".parse().unwrap(), ca_pem: "PEM".to_owned() };
    seed.clusters.push(SeedCluster { external: Some(external), ..SeedCluster::new("real") });
    seed.lenient_auth = true;
    let simulator = Simulator::start(seed, None).await.unwrap();
    let info = simulator.cluster("real").unwrap();
    assert_eq!((info.server.as_str(), info.ca_pem.as_str()), ("https://127.0.0.1:6443/", "PEM"));
    // Keys of a user that another AWS knows.
    let stranger = Keys { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(), secret_access_key: "x".to_owned() };
    let clients = super::aws::clients(simulator.aws_endpoint().as_str(), "eu-west-1", &stranger, None).await;
    let cluster = clients.eks.describe_cluster().name("real").send().await.unwrap().cluster.unwrap();
    assert_eq!(cluster.arn.as_deref(), Some(cluster_arn("real").as_str()));
    assert_eq!(cluster.endpoint.as_deref(), Some("https://127.0.0.1:6443"));
    assert_eq!(cluster.certificate_authority.unwrap().data.as_deref(), Some("UEVN"));
    assert_eq!(cluster.access_config.unwrap().authentication_mode.unwrap().as_str(), "CONFIG_MAP");
    assert!(cluster.created_at.is_some());
    assert_eq!(cluster.status.unwrap().as_str(), "ACTIVE");
}

#[tokio::test]
async fn access_entries_need_a_mode_that_has_them() {
    let subject = Subject::simulator().await;
    let eks = subject.admin().await.eks;
    assert_eq!(code(eks.list_access_entries().cluster_name("classic").send().await), "InvalidRequestException");
    assert!(eks.list_access_entries().cluster_name("both").send().await.unwrap().access_entries().is_empty());
}

#[tokio::test]
async fn an_access_entry_lives_through_its_calls() {
    let subject = Subject::simulator().await;
    let eks = subject.admin().await.eks;
    let (name, _) = subject.user().await;
    let arn = iam_arn(&format!("user/{name}"));
    let create = |arn: &str| eks.create_access_entry().cluster_name("modern").principal_arn(arn);
    let made = create(&arn).username("latchkey:jane:1").send().await.unwrap().access_entry.unwrap();
    assert_eq!(made.username.as_deref(), Some("latchkey:jane:1"));
    assert_eq!(code(create(&arn).send().await), "ResourceInUseException");
    assert_eq!(code(create(&format!("{arn}x")).send().await), "InvalidParameterException");
    assert_eq!(code(create(&arn).username("system:admin").send().await), "InvalidParameterException");
    assert_eq!(code(create(&arn).kubernetes_groups("system:masters").send().await), "InvalidParameterException");

    let update = eks.update_access_entry().cluster_name("modern").principal_arn(&arn);
    update.kubernetes_groups("viewers").send().await.unwrap();
    let entry = subject.inside().aws().access_entry("modern", &arn).unwrap();
    assert_eq!((entry.username.as_str(), entry.groups), ("latchkey:jane:1", vec!["viewers".to_owned()]));
    assert_eq!(
        eks.list_access_entries().cluster_name("modern").send().await.unwrap().access_entries(),
        std::slice::from_ref(&arn)
    );

    let view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
    let scope = AccessScope::builder().r#type(AccessScopeType::Namespace).namespaces("payments").build();
    let associate = eks.associate_access_policy().cluster_name("modern").principal_arn(&arn).policy_arn(view);
    associate.access_scope(scope).send().await.unwrap();
    let listed = eks.list_associated_access_policies().cluster_name("modern").principal_arn(&arn).send().await.unwrap();
    assert_eq!(listed.associated_access_policies()[0].policy_arn(), Some(view));
    let undo = eks.disassociate_access_policy().cluster_name("modern").principal_arn(&arn).policy_arn(view);
    undo.send().await.unwrap();

    // A user made again under the same name is another principal.
    subject.inside().aws().change_user(&name, latchkey_simulator::aws::UserChange::Recreated);
    assert_eq!(subject.inside().aws().access_entry("modern", &arn), None);
    let delete = || eks.delete_access_entry().cluster_name("modern").principal_arn(&arn).send();
    delete().await.unwrap();
    assert_eq!(code(delete().await), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_write_settles_before_it_is_seen() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let faults = subject.inside().aws().faults();
    faults.settle(Duration::from_mins(1));
    let name = unique("slow");
    iam.create_user().user_name(&name).send().await.unwrap();
    assert_eq!(code(iam.get_user().user_name(&name).send().await), "NoSuchEntity");
    assert_eq!(code(iam.create_user().user_name(&name).send().await), "EntityAlreadyExists");
    faults.settle(Duration::ZERO);
    iam.get_user().user_name(&name).send().await.unwrap();
}

#[tokio::test]
async fn calls_fail_as_told_and_are_logged() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let faults = subject.inside().aws().faults();
    faults.next("iam:GetUser", 1, &Fault::Throttle);
    faults.next("iam:GetUser", 1, &Fault::Fail(ApiError::new(500, "ServiceFailure", "sorry")));
    faults.forget_calls();
    let get = || iam.get_user().user_name("latchkey-worker").send();
    assert_eq!(code(get().await), "Throttling");
    assert_eq!(code(get().await), "ServiceFailure");
    get().await.unwrap();
    let log: Vec<_> = faults.calls().into_iter().map(|call| (call.service, call.action, call.error)).collect();
    let call = |error: Option<&str>| ("iam".to_owned(), "GetUser".to_owned(), error.map(str::to_owned));
    assert_eq!(log, [call(Some("Throttling")), call(Some("ServiceFailure")), call(None)]);
    let worker = subject.inside().worker_arn().unwrap();
    assert!(faults.calls().iter().all(|call| call.caller == worker));
}

#[tokio::test]
async fn a_call_can_succeed_without_an_answer() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    subject.inside().aws().faults().next("iam:CreateUser", 1, &Fault::SilentAfterSuccess);
    let create = iam.create_user().user_name("quiet").send();
    assert!(tokio::time::timeout(Duration::from_millis(500), create).await.is_err());
    iam.get_user().user_name("quiet").send().await.unwrap();
}

#[tokio::test]
async fn a_user_with_something_left_is_not_deleted() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let (name, keys) = subject.user().await;
    let put = iam.put_user_policy().user_name(&name).policy_name("p").policy_document(describing("a").to_string());
    put.send().await.unwrap();
    assert_eq!(code(iam.delete_user().user_name(&name).send().await), "DeleteConflict");
    iam.delete_user_policy().user_name(&name).policy_name("p").send().await.unwrap();
    assert_eq!(code(iam.delete_user().user_name(&name).send().await), "DeleteConflict");
    iam.delete_access_key().user_name(&name).access_key_id(keys.access_key_id).send().await.unwrap();
    iam.delete_user().user_name(&name).send().await.unwrap();
}

#[tokio::test]
async fn lists_come_in_pages() {
    let subject = Subject::simulator().await;
    let iam = subject.admin().await.iam;
    let path = format!("/{}/", unique("pages"));
    let names: Vec<_> = (0..5).map(|_| unique("page")).collect();
    for name in &names {
        iam.create_user().user_name(name).path(&path).send().await.unwrap();
    }
    let (mut seen, mut marker, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = iam.list_users().path_prefix(&path).max_items(2).set_marker(marker).send().await.unwrap();
        assert!(page.users.len() <= 2);
        seen.extend(page.users.into_iter().map(|user| user.user_name));
        pages += 1;
        marker = page.marker;
        assert_eq!(page.is_truncated, marker.is_some());
        if marker.is_none() {
            break;
        }
    }
    seen.sort();
    let mut names = names;
    names.sort();
    assert_eq!((seen, pages), (names, 3));
}

#[tokio::test]
async fn another_region_has_no_clusters() {
    let subject = Subject::simulator().await;
    let keys = subject.inside().worker_keys().unwrap();
    let elsewhere = super::aws::clients(subject.inside().aws_endpoint().as_str(), "eu-north-1", &keys, None).await;
    assert!(elsewhere.eks.list_clusters().send().await.unwrap().clusters().is_empty());
    assert_eq!(code(elsewhere.eks.describe_cluster().name("classic").send().await), "ResourceNotFoundException");
}

#[tokio::test]
async fn an_entry_overrides_the_config_map_where_the_mode_reads_both() {
    let subject = Subject::simulator().await;
    let (name, _) = subject.user().await;
    let arn = iam_arn(&format!("user/{name}"));
    let eks = subject.admin().await.eks;
    let create = eks.create_access_entry().cluster_name("both").principal_arn(&arn);
    create.username("from-entry").send().await.unwrap();
    let aws = subject.inside().aws();
    assert_eq!(aws.access_entry("both", &arn).unwrap().username, "from-entry");
    // A mode that does not read entries has none.
    aws.set_mode("both", latchkey_simulator::seed::AuthenticationMode::ConfigMap);
    assert_eq!(aws.access_entry("both", &arn), None);
}
