//! Votes follow the current rules: the policy, the cluster, the identity and the profile at the time of the vote,
//! whatever they were when the request was sent.

use crate::town::{Asking, POLICY, Town, edit, observation, view};
use latchkey::{
    actions::{
        identities::{self, NotReleased},
        own::{self, NotOwned},
        requests::{self, NotDecided, NotSubmitted, VoteForm, VoteOutcome},
    },
    config,
};
use latchkey_domain::access::{
    GrantId, PrincipalId, RequestId,
    grant::{Cause, Grant, GrantBasis},
    reason::UnfitReason,
    request::{ClosedWhy, Refused, RequestState, Verdict},
    standing::NotRuled,
};
use latchkey_testkit::{REGION, cluster_arn};
use serde_json::Value;
use uuid::Uuid;

/// A vote by a person who sees what is current.
async fn vote_now(town: &Town, who: &str, id: RequestId, verdict: Verdict) -> Result<VoteOutcome, NotDecided> {
    let reason = (verdict == Verdict::Deny).then(|| "not this time".to_owned());
    let seen = town.seen_now(id).await.expect("somebody may decide it");
    requests::vote(&town.web, town.visitor(who), id, VoteForm { verdict, reason, seen, uses_role: None }).await
}

async fn granted(town: &Town, grant: GrantId) -> Grant {
    town.worker.begin().await.unwrap().lock_grants(&[grant]).await.unwrap().pop().unwrap()
}

async fn event(town: &Town, action: &str) -> Value {
    let query = "select canonical from event where action = $1 order by id desc limit 1";
    let canonical: Vec<u8> = sqlx::query_scalar(query).bind(action).fetch_one(town.owner.pool()).await.unwrap();
    serde_json::from_slice::<Value>(&canonical).unwrap()["detail"].clone()
}

async fn principal(town: &Town, who: &str) -> PrincipalId {
    let query = sqlx::query_scalar("select id from principal where arn = $1 and ended_at is null");
    PrincipalId(query.bind(Town::arn(who)).fetch_one(town.owner.pool()).await.unwrap())
}

async fn closed(town: &Town, id: RequestId) -> (String, Option<String>) {
    let query = sqlx::query_as("select state, closed_why from request where id = $1");
    query.bind(id.0).fetch_one(town.owner.pool()).await.unwrap()
}

#[tokio::test]
async fn an_access_rests_on_the_policy_of_its_completing_vote() {
    let town = Town::new().await;
    let id = town.asks("ana", &edit()).await;
    let laxer = POLICY.replace("quorum = 2", "quorum = 1").replace("payments may change", "payments may change alone");
    town.apply_policy(&laxer).await;
    let VoteOutcome::Approved(grant) = vote_now(&town, "ben", id, Verdict::Approve).await.unwrap() else {
        panic!("not approved")
    };
    let facts = granted(&town, grant).await.facts().clone();
    let hash = config::policy::hash(&laxer);
    assert_eq!(facts.policy_hash, hash);
    assert_eq!(facts.policy_name, "payments may change alone");
    assert_eq!(facts.basis, GrantBasis::Quorum(1.try_into().unwrap()));
    let told = event(&town, "request.approved").await;
    assert_eq!((told["policy_hash"].as_str(), told["quorum"].as_u64()), (Some(hash.as_str()), Some(1)));
    assert_eq!((told["policy"].as_str(), told["basis"].as_str()), (Some("payments may change alone"), Some("quorum")));
}

#[tokio::test]
async fn what_a_policy_grants_by_itself_is_no_quorum_of_none() {
    let town = Town::new().await;
    let by_itself = POLICY.replacen("approvers = { groups = [\"payments-leads\"], quorum = 1 }", "automatic = true", 1);
    town.apply_policy(&by_itself).await;
    town.asks("ana", view()).await;
    let row: (String, Option<i32>) =
        sqlx::query_as("select basis, quorum from access_grant").fetch_one(town.owner.pool()).await.unwrap();
    assert_eq!(row, ("automatic".to_owned(), None));
    let told = event(&town, "request.submitted").await;
    assert_eq!((told["basis"].as_str(), told["quorum"].is_null()), (Some("automatic"), true));
    assert_eq!(told["policy_hash"], config::policy::hash(&by_itself));
}

#[tokio::test]
async fn each_vote_that_counted_keeps_what_made_its_voter_eligible() {
    let town = Town::new().await;
    let id = town.asks("ana", &edit()).await;
    vote_now(&town, "chi", id, Verdict::Approve).await.unwrap();
    town.sign_in("chi", &["payments-leads", "on-call"]).await;
    let VoteOutcome::Approved(grant) = vote_now(&town, "ben", id, Verdict::Approve).await.unwrap() else {
        panic!("not approved")
    };
    town.sign_in("chi", &[]).await;
    let votes: Vec<(String, Vec<u8>, Vec<String>)> = sqlx::query_as(
        "select d.handle, v.policy_hash, v.groups from vote v join person d on d.id = v.person_id order by d.handle",
    )
    .fetch_all(town.owner.pool())
    .await
    .unwrap();
    let hash = granted(&town, grant).await.facts().policy_hash.clone();
    assert!(votes.iter().all(|(_, counted_by, _)| hex::encode(counted_by) == hash), "{votes:?}");
    assert_eq!(votes[1].0, "chi");
    assert_eq!(votes[1].2, ["on-call", "payments-leads"], "as it was at the completing vote");
}

#[tokio::test]
async fn a_request_on_a_dropped_cluster_is_not_decided_by_what_has_its_name_now() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    let seen = town.seen(id).await;
    let elsewhere = &cluster_arn("prod-eu").replace(REGION, "eu-central-1");
    sqlx::query("update cluster set dropped_at = now() where name = 'prod-eu'")
        .execute(town.owner.pool())
        .await
        .unwrap();
    let other = Uuid::now_v7();
    sqlx::query("insert into cluster (id, name, arn) values ($1, 'prod-eu', $2)")
        .bind(other)
        .bind(elsewhere)
        .execute(town.owner.pool())
        .await
        .unwrap();
    town.observe("cluster", other, &observation("prod-eu").at(elsewhere)).await;
    town.apply_policy(&POLICY.replace(&cluster_arn("prod-eu"), elsewhere)).await;
    for who in ["ben", "chi"] {
        let form = VoteForm { verdict: Verdict::Approve, reason: None, seen, uses_role: None };
        let refused = requests::vote(&town.web, town.visitor(who), id, form).await.unwrap_err();
        assert!(matches!(refused, NotDecided::NotRuled(NotRuled::ClusterDropped)), "{refused:?}");
    }
    assert_eq!(town.accesses().await, 0);
}

#[tokio::test]
async fn a_request_goes_on_where_its_cluster_has_another_name_now() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    sqlx::query("update cluster set name = 'prod-west' where name = 'prod-eu'")
        .execute(town.owner.pool())
        .await
        .unwrap();
    town.apply_policy(&POLICY.replace("name = \"prod-eu\"", "name = \"prod-west\"")).await;
    assert!(matches!(vote_now(&town, "ben", id, Verdict::Approve).await, Ok(VoteOutcome::Approved(_))));
}

/// Replaces the rules of `view` on prod-eu by fewer, or deletes the role.
async fn narrow(town: &Town, role_stays: bool) {
    let cluster = town.cluster("prod-eu").await;
    let mut seen = observation("prod-eu");
    let roles = &mut seen.kubernetes.as_mut().unwrap().cluster_roles;
    if role_stays {
        roles.get_mut("view").unwrap().rules.truncate(1);
    } else {
        roles.remove("view");
    }
    town.observe("cluster", cluster, &seen).await;
}

#[tokio::test]
async fn a_form_that_shows_more_than_the_profile_allows_now_does_not_count() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    narrow(&town, true).await;
    let old = town.vote("ben", id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(old, NotDecided::Refused(Refused::Stale)), "{old:?}");
    let VoteOutcome::Approved(grant) = vote_now(&town, "ben", id, Verdict::Approve).await.unwrap() else {
        panic!("not approved")
    };
    let rules = granted(&town, grant).await.facts().terms.profile.rules();
    assert_eq!(rules.len(), 1, "what is granted is what the form showed: {rules:?}");
}

#[tokio::test]
async fn what_nobody_can_see_is_denied_only() {
    let town = Town::new().await;
    let (one, two) = (town.asks("ana", view()).await, town.asks("gus", view()).await);
    let before = town.seen(one).await;
    narrow(&town, false).await;
    let refused = vote_now(&town, "ben", one, Verdict::Approve).await.unwrap_err();
    assert!(matches!(&refused, NotDecided::Refused(Refused::Unresolved(_))), "{refused:?}");
    assert!(refused.to_string().contains("`view` of this profile is not on the cluster"), "{refused}");
    let form = VoteForm { verdict: Verdict::Deny, reason: Some("not now".into()), seen: before, uses_role: None };
    assert_eq!(requests::vote(&town.web, town.visitor("ben"), one, form).await.unwrap(), VoteOutcome::Denied);
    assert_eq!(vote_now(&town, "ben", two, Verdict::Deny).await.unwrap(), VoteOutcome::Denied);
    sqlx::query("delete from observation").execute(town.owner.pool()).await.unwrap();
    let three = sqlx::query_scalar("select count(*) from access_grant").fetch_one(town.owner.pool()).await;
    assert_eq!(three.unwrap_or(0_i64), 0);
}

#[tokio::test]
async fn what_was_asked_before_requests_were_bounded_and_binds_more_is_denied_only() {
    let town = Town::new().await;
    let id = town.asks("ana", view()).await;
    let many = |namespaces: usize| {
        format!(
            "set session_replication_role = replica; update request set namespaces = (
               select jsonb_agg(jsonb_build_object('name', 'payments-' || n, 'uid', 'uid-' || n))
               from generate_series(1, {namespaces}) n) where id = '{id}'; set session_replication_role = origin"
        )
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(many(21))).execute(town.owner.pool()).await.unwrap();
    let refused = vote_now(&town, "ben", id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(&refused, NotDecided::Refused(Refused::Unresolved(_))), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("can be denied only") && said.contains("At most 20 namespaces in one request."), "{said}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(many(20))).execute(town.owner.pool()).await.unwrap();
    assert!(matches!(vote_now(&town, "ben", id, Verdict::Approve).await, Ok(VoteOutcome::Approved(_))));
    let other = town.asks("gus", view()).await;
    let many = many(21).replace(&id.to_string(), &other.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(many)).execute(town.owner.pool()).await.unwrap();
    assert_eq!(vote_now(&town, "ben", other, Verdict::Deny).await.unwrap(), VoteOutcome::Denied);
}

#[tokio::test]
async fn the_end_of_an_identity_closes_what_waits_for_it() {
    let town = Town::new().await;
    let waiting = town.asks("ana", view()).await;
    let grant = town.grant_of("ana", &view().in_(["payments-batch"])).await;
    // IAM made the user anew, and gus has it now.
    own::seeded(&town.web, town.person("gus"), &Town::arn("ana"), "AIDANEW").await.unwrap();
    assert_eq!(closed(&town, waiting).await, ("cancelled".to_owned(), Some("principal_ended".to_owned())));
    let late = town.vote("ben", waiting, Verdict::Approve).await.unwrap_err();
    let why = Some(ClosedWhy::PrincipalEnded);
    assert!(matches!(late, NotDecided::Closed(RequestState::Cancelled, w) if w == why), "{late:?}");
    match granted(&town, grant).await {
        Grant::Revoking(revoking) => assert_eq!(revoking.cause, Cause::PrincipalReplaced),
        other => panic!("{other:?}"),
    }
    let told = event(&town, "request.cancelled").await;
    assert_eq!(told["why"], "principal_ended");
}

#[tokio::test]
async fn an_identity_that_ended_is_neither_asked_nor_decided_for() {
    let town = Town::new().await;
    let waiting = town.asks("ana", view()).await;
    let seen = town.seen(waiting).await;
    // As an earlier version ended it.
    sqlx::query("update principal set ended_at = now() where arn = $1")
        .bind(Town::arn("ana"))
        .execute(town.owner.pool())
        .await
        .unwrap();
    let form = VoteForm { verdict: Verdict::Approve, reason: None, seen, uses_role: None };
    let refused = requests::vote(&town.web, town.visitor("ben"), waiting, form).await.unwrap_err();
    assert!(matches!(refused, NotDecided::NotRuled(NotRuled::PrincipalEnded)), "{refused:?}");
    let form = view().in_(["payments-batch"]);
    let refused = requests::submit(&town.web, town.visitor("ana"), &form.wanted()).await.unwrap_err();
    assert!(matches!(refused, NotSubmitted::Problems(_)), "{refused:?}");
    let left = sqlx::query_scalar("select id from principal where arn = $1").bind(Town::arn("ana"));
    let left = PrincipalId(left.fetch_one(town.owner.pool()).await.unwrap());
    identities::end_left(&town.worker, left).await.unwrap();
    assert_eq!(closed(&town, waiting).await.1.as_deref(), Some("principal_ended"));
}

#[tokio::test]
async fn the_worker_takes_away_what_an_ended_identity_still_has() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let id = principal(&town, "ana").await;
    identities::end_left(&town.worker, id).await.unwrap();
    assert!(matches!(granted(&town, grant).await, Grant::Scheduled(_)), "it stands");
    sqlx::query("update principal set ended_at = now() where id = $1")
        .bind(id.0)
        .execute(town.owner.pool())
        .await
        .unwrap();
    identities::end_left(&town.worker, id).await.unwrap();
    match granted(&town, grant).await {
        Grant::Revoking(revoking) => assert_eq!(revoking.cause, Cause::PrincipalReplaced),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_user_that_iam_made_anew_ends_the_identity_with_what_it_has() {
    let town = Town::new().await;
    let waiting = town.asks("ana", view().in_(["payments-batch"])).await;
    let grant = town.grant().await;
    let id = principal(&town, "ana").await;
    for _ in 0..2 {
        identities::end_replaced(&town.worker, id, "it was made again").await.unwrap();
    }
    assert_eq!(closed(&town, waiting).await.1.as_deref(), Some("principal_ended"));
    assert!(matches!(granted(&town, grant).await, Grant::Revoking(_)));
    assert_eq!(town.told("identity.ended").await, 1);
    assert_eq!(town.told("grant.revoking").await, 1);
}

#[tokio::test]
async fn an_operator_releases_an_identity_and_nobody_else_does() {
    let town = Town::new().await;
    let waiting = town.asks("ana", view().in_(["payments-batch"])).await;
    let grant = town.grant().await;
    let id = principal(&town, "ana").await;
    let release = async |who: &str, handle: &str, reason: &str| {
        identities::release(&town.web, town.visitor(who), id, handle, reason).await
    };
    for who in ["ana", "ben", "eli"] {
        assert!(matches!(release(who, "ana", "she left").await, Err(NotReleased::NotFound)), "{who}");
    }
    assert!(
        matches!(release("dee", "gus", "she left").await, Err(NotReleased::OtherHandle(whose)) if whose == ["ana"])
    );
    assert!(matches!(release("dee", "ana", " ").await, Err(NotReleased::Reason(UnfitReason::Missing))));
    let taken = own::seeded(&town.web, town.person("gus"), &Town::arn("ana"), "AIDAANA").await;
    assert!(matches!(taken, Err(NotOwned::OfAnotherPerson { .. })), "{taken:?}");
    release("dee", "ana", "she left").await.unwrap();
    assert!(matches!(release("dee", "ana", "again").await, Err(NotReleased::Already)));
    assert_eq!(closed(&town, waiting).await.1.as_deref(), Some("principal_ended"));
    match granted(&town, grant).await {
        Grant::Revoking(revoking) => {
            assert_eq!((revoking.cause, revoking.reason.as_deref()), (Cause::Released, Some("she left")));
        }
        other => panic!("{other:?}"),
    }
    let told = event(&town, "identity.released").await;
    assert_eq!(
        (told["principal"].as_str(), told["reason"].as_str()),
        (Some(Town::arn("ana").as_str()), Some("she left"))
    );
    own::seeded(&town.web, town.person("gus"), &Town::arn("ana"), "AIDAANA").await.unwrap();
}
