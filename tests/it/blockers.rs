//! Blockers of accesses and targets as the database keeps them: written by this version, by an earlier one, and by a
//! later one.

use crate::{town::Town, worker::World};
use latchkey::{
    store::{
        clusters,
        grants::{self, Locked},
        intents::{self, Intent},
        legs::{Fares, LegProof, LegWrite},
        read::{health, progress, target},
    },
    words,
};
use latchkey_domain::{
    access::{
        ClusterId, GrantId,
        became::Became,
        blocker::{Blocker, Few},
        evidence::Evidence,
        grant::{Grant, Proven, Trouble},
        residual::{Residual, Residuals},
        step_kind::StepKind,
        transition::Target,
    },
    plan::existence::Existence,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};
use std::time::Duration;
use uuid::Uuid;

/// One of each kind, as rows keep it.
const RECORDED: &str = include_str!("../../crates/domain/src/access/blocker/recorded.jsonl");

async fn by_owner(town: &Town, statement: &str) {
    town.owner.pool().execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

/// What pages read of an access that is blocked.
async fn read(town: &Town, grant: GrantId) -> Option<(Trouble, Blocker)> {
    let progress = progress::by_id(&town.web, grant).await.unwrap().unwrap();
    progress.trouble().map(|(trouble, why)| (trouble, why.clone()))
}

#[tokio::test]
async fn each_is_kept_with_its_code_and_read_as_it_was() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let cluster = Target::Cluster(town.cluster("prod-eu").await.into());
    for line in RECORDED.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let why = Blocker::read(value.clone());
        let fares = Fares::Blocked { why: why.clone(), attempt: 1, again_in: Duration::from_secs(20) };
        let mut tx = town.worker.begin().await.unwrap();
        let leg = LegWrite { fares, proven: None, proof: None, stood: None, compared: None, wider: None };
        tx.write_leg(grant, cluster, &leg).await.unwrap();
        assert_eq!(tx.trouble(grant).await.unwrap().as_ref(), Some(&why), "{line}");
        tx.commit().await.unwrap();
        assert_eq!(read(&town, grant).await, Some((Trouble::Blocked, why.clone())), "{line}");
        let (code, error): (String, Option<String>) =
            sqlx::query_as("select code, error from grant_leg where grant_id = $1 and target_kind = 'cluster'")
                .bind(grant.0)
                .fetch_one(town.owner.pool())
                .await
                .unwrap();
        assert_eq!((code.as_str(), error), (why.code(), None), "{line}");
    }
    let listed = target::by_key(&town.web, cluster).await.unwrap().unwrap();
    assert!(listed.legs[0].why.is_some());
}

#[tokio::test]
async fn what_an_earlier_version_said_is_said_also_where_it_runs_beside_this_one() {
    let town = Town::new().await;
    let grant = town.grant().await;
    by_owner(
        &town,
        r#"update grant_leg set condition = 'retrying', code = 'entry_slow', blocker = '{"code": "entry_slow"}'"#,
    )
    .await;
    assert_eq!(read(&town, grant).await, Some((Trouble::Retrying, Blocker::EntrySlow {})));
    by_owner(&town, "update grant_leg set condition = 'blocked', error = 'the line was taken out'").await;
    assert_eq!(read(&town, grant).await, Some((Trouble::Blocked, Blocker::said("the line was taken out"))));
    by_owner(&town, "update grant_leg set error = null, code = null, blocker = null").await;
    assert_eq!(read(&town, grant).await, Some((Trouble::Blocked, Blocker::said(""))));
}

#[tokio::test]
async fn what_a_later_version_keeps_is_told_by_its_code_and_stops_nobody() {
    let world = World::new().await;
    let (grant, other) = (world.active("ana").await, world.active("gus").await);
    for blocker in [r#"{"code": "frozen", "until": 7}"#, "[]", "null", r#"{"code": "frozen", "until": 1e400}"#] {
        by_owner(
            &world.town,
            &format!("update grant_leg set condition = 'blocked', code = 'frozen', blocker = '{blocker}'"),
        )
        .await;
        let (_, why) = read(&world.town, grant).await.unwrap();
        assert!(matches!(&why, Blocker::OfLaterVersion { named } if named == "frozen" || blocker.contains("1e400")));
    }
    for grant in [grant, other] {
        world.give_back(if grant == other { "gus" } else { "ana" }, grant).await;
        world.until(grant, "ended").await;
    }
}

#[tokio::test]
async fn of_a_target_the_value_goes_with_the_sentence_that_it_stands_for() {
    let town = Town::new().await;
    town.grant().await;
    let cluster = Target::Cluster(town.cluster("prod-eu").await.into());
    let failure = async || target::by_key(&town.web, cluster).await.unwrap().unwrap().failure;
    by_owner(
        &town,
        r#"update target set failure = 'It was slow.', failure_code = 'entry_slow',
             failure_blocker = '{"code": "entry_slow"}' where kind = 'cluster'"#,
    )
    .await;
    assert_eq!(failure().await, Some(Blocker::EntrySlow {}));
    by_owner(&town, "update target set failure = 'The API server is away.' where kind = 'cluster'").await;
    assert_eq!(failure().await, Some(Blocker::said("The API server is away.")), "an earlier version wrote that");
    by_owner(&town, "update target set failure = null where kind = 'cluster'").await;
    assert_eq!(failure().await, None);
}

#[tokio::test]
async fn what_became_of_a_write_is_kept_with_its_code_and_read_as_it_was() {
    let town = Town::new().await;
    town.grant().await;
    let cluster = Target::Cluster(town.cluster("prod-eu").await.into());
    let failed = Became::Failed(Blocker::EntrySlow {});
    let interrupted = [Became::InterruptedSeen, Became::InterruptedUnseen, Became::Interrupted];
    for became in interrupted.into_iter().chain([Became::Done, Became::InterruptedClusterGone, failed]) {
        let said = words::steps::became(&became);
        let intent = Intent {
            id: Uuid::now_v7(),
            grant: None,
            step: StepKind::CreateRole,
            object: "x".to_owned(),
            detail: json!({}),
        };
        let mut tx = town.worker.begin().await.unwrap();
        tx.intend(cluster, 1, std::slice::from_ref(&intent)).await.unwrap();
        tx.commit().await.unwrap();
        let last = async || target::by_key(&town.web, cluster).await.unwrap().unwrap().writes.swap_remove(0).became;
        assert_eq!(last().await, None);
        intents::close(&town.worker, &[intent.id], &became, &said, None).await.unwrap();
        assert_eq!(last().await, Some(became.clone()));
        // As an earlier version wrote it: that version's own sentences are recognised, and a failure is shown as its
        // text.
        by_owner(&town, "update intent set code = null, blocker = null").await;
        let judged = if became.failure().is_some() { Became::Said(said) } else { became };
        assert_eq!(last().await, Some(judged));
        // As a later version may write it.
        by_owner(&town, r#"update intent set code = 'put_off', blocker = '{"until": 7}', outcome = 'It was put off.'"#)
            .await;
        assert_eq!(last().await, Some(Became::Said("It was put off.".to_owned())));
        by_owner(&town, "delete from intent").await;
    }
}

#[tokio::test]
async fn why_a_cluster_is_gone_is_kept_with_its_facts_and_an_earlier_version_said_it() {
    let town = Town::new().await;
    town.grant().await;
    let id = ClusterId::from(town.cluster("prod-eu").await);
    let arn = latchkey_testkit::cluster_arn("prod-eu");
    let why = Blocker::NoSuchCluster { cluster: "prod-eu".to_owned(), arn, minutes_apart: 10 };
    let mut tx = town.worker.begin().await.unwrap();
    let gone = Existence::Gone(Box::new(why.clone()));
    assert!(tx.note_existence(id, 0, &gone, words::blocker::sentence).await.unwrap());
    tx.commit().await.unwrap();
    let read = async || clusters::recorded(&town.web, id).await.unwrap().unwrap().gone;
    assert_eq!(read().await, Some(why.clone()));
    by_owner(&town, "update cluster set gone_code = null, gone_blocker = null").await;
    let said = words::blocker::sentence(&why);
    assert_eq!(read().await, Some(Blocker::ClusterGone { why: said }));
}

#[tokio::test]
async fn what_a_look_did_not_see_is_told_of_a_value_and_of_what_an_earlier_version_said() {
    let town = Town::new().await;
    town.grant().await;
    let cluster = Target::Cluster(town.cluster("prod-eu").await.into());
    let seen = async || target::by_key(&town.web, cluster).await.unwrap().unwrap().observed.unwrap().1;
    let keep = async |trouble: &str| {
        let statement = format!(
            "insert into observation (target_kind, target_key, observed_at, body, hash)
             values ('cluster', '{}', clock_timestamp(), '{trouble}', '')
             on conflict (target_kind, target_key) do update set body = excluded.body",
            cluster.key()
        );
        by_owner(&town, &statement).await;
    };
    keep(r#"{ "trouble": null }"#).await;
    assert_eq!(seen().await, None);
    keep(r#"{ "trouble": "EKS was away." }"#).await;
    assert_eq!(seen().await, Some(Blocker::said("EKS was away.")));
    keep(r#"{ "trouble": { "code": "entry_slow" } }"#).await;
    assert_eq!(seen().await, Some(Blocker::EntrySlow {}));
    keep(r#"{ "trouble": { "code": "frozen" } }"#).await;
    assert_eq!(seen().await, Some(Blocker::OfLaterVersion { named: "frozen".to_owned() }));
}

#[tokio::test]
async fn what_else_says_yes_is_kept_with_its_facts_and_as_the_sentences_that_an_end_and_earlier_versions_read() {
    let town = Town::new().await;
    let grant = town.grant().await;
    by_owner(
        &town,
        "update access_grant set state = 'provisioning';
         update access_grant set state = 'active', since = latchkey_now(), until = latchkey_now() + interval '1 hour'",
    )
    .await;
    let recorded = include_str!("../../crates/domain/src/access/residual/recorded.jsonl");
    let values: Vec<Residual> =
        recorded.lines().map(|line| Residual::read(serde_json::from_str(line).unwrap())).collect();
    let sentences: Vec<String> = values.iter().map(words::residual::sentence).collect();
    let evidence = Evidence { residual: Some(values.clone()), ..Evidence::default() };
    let cluster = Target::Cluster(town.cluster("prod-eu").await.into());
    let mut tx = town.worker.begin().await.unwrap();
    let proof =
        Some(LegProof { evidence: evidence.kept(words::sighting::sentence, words::residual::sentence), wider: vec![] });
    let leg =
        LegWrite { fares: Fares::Ok, proven: Some(Proven::Gone), proof, stood: None, compared: None, wider: None };
    tx.write_leg(grant, cluster, &leg).await.unwrap();
    let told: Vec<Residual> = tx.legs(grant).await.unwrap().into_iter().flat_map(|leg| leg.residual).collect();
    assert_eq!(told, values, "what an end goes by");
    tx.commit().await.unwrap();
    let beside = async || progress::by_id(&town.web, grant).await.unwrap().unwrap().beside();
    assert_eq!(beside().await, values);

    // After its end, the row has the values, and beside them the sentences.
    let guards = |state: &str| format!("alter table access_grant {state} trigger access_grant_guard");
    by_owner(&town, &guards("disable")).await;
    let text = |kept: &Vec<String>| serde_json::to_string(kept).unwrap().replace('\'', "''");
    let (kept, stored) = (text(&sentences), serde_json::to_string(&values).unwrap().replace('\'', "''"));
    by_owner(
        &town,
        &format!(
            "update access_grant set state = 'ended', cause = 'expired', revoking_since = latchkey_now(),
               ended_at = latchkey_now(), residual = '{kept}', beside = '{stored}'"
        ),
    )
    .await;
    assert_eq!(beside().await, values);
    let Some(Locked::Grant(Grant::Ended(ended))) =
        grants::read(&mut town.web.acquire().await.unwrap(), grant).await.unwrap()
    else {
        panic!("it ended")
    };
    assert_eq!(ended.residual, Residuals { values, said: sentences });

    // An earlier version that runs beside this one writes sentences alone.
    let said = |text: &str| Residual::Said { text: text.to_owned() };
    by_owner(&town, r#"update access_grant set residual = '["RoleBinding y allows it."]'"#).await;
    assert_eq!(beside().await, [said("RoleBinding y allows it.")]);
    by_owner(&town, r#"update access_grant set residual = '["One.", "Two."]', beside = '{"later": 1e400}'"#).await;
    assert_eq!(beside().await, [said("One."), said("Two.")], "values that cannot be read");
}

#[tokio::test]
async fn what_a_running_access_allows_more_is_kept_with_its_facts_and_an_earlier_version_said_it() {
    let town = Town::new().await;
    let grant = town.grant().await;
    by_owner(
        &town,
        "update access_grant set state = 'provisioning';
         update access_grant set state = 'active', since = latchkey_now(), until = latchkey_now() + interval '1 hour'",
    )
    .await;
    let cluster = Target::Cluster(town.cluster("prod-eu").await.into());
    let read = async || {
        let progress = progress::by_id(&town.web, grant).await.unwrap().unwrap();
        let of_grant: Vec<Blocker> = progress.allows_more().into_iter().cloned().collect();
        let listed = target::list(&town.web, &target::TargetSearch::default(), 10).await.unwrap();
        let row = listed.into_iter().find(|row| row.target == cluster).unwrap();
        let detail = target::by_key(&town.web, cluster).await.unwrap().unwrap();
        let told = health::wider(&town.web, 10).await.unwrap();
        assert_eq!((row.wider, told.len(), detail.legs.len()), (1, 1, 1));
        assert_eq!((&of_grant, &of_grant), (&detail.legs[0].wider, &told[0].what));
        assert_eq!(row.why.as_ref(), of_grant.first());
        of_grant
    };
    let added = Few { first: vec!["get secrets".to_owned()], more: 0 };
    let more = Blocker::AllowsMore { cluster: "prod-eu".to_owned(), role: "view".to_owned(), added };
    let evidence = Evidence { wider: vec![more.clone()], ..Evidence::default() };
    let mut tx = town.worker.begin().await.unwrap();
    let wider = vec![words::blocker::sentence(&more)];
    let proof = Some(LegProof { evidence: evidence.kept(words::sighting::sentence, words::residual::sentence), wider });
    let leg =
        LegWrite { fares: Fares::Ok, proven: Some(Proven::Present), proof, stood: None, compared: None, wider: None };
    tx.write_leg(grant, cluster, &leg).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(read().await, [more]);

    let by_earlier = |evidence: &str| {
        format!(
            "update grant_leg set wider = array['the ClusterRole view allows get secrets'], evidence = '{evidence}'
             where target_kind = 'cluster'"
        )
    };
    for evidence in [r#"{"said": []}"#, r#"{"wider": 7}"#, r#"{"wider": []}"#] {
        by_owner(&town, &by_earlier(evidence)).await;
        assert_eq!(read().await, [Blocker::said("the ClusterRole view allows get secrets")], "{evidence}");
    }
}
