//! The audit log holds: every change of what is sealed is found, with its place, also a change by an owner of all
//! rights.

use crate::stage::Stage;
use latchkey::store::audit::{self, NotVerified, VerifiedChain};
use sqlx::{AssertSqlSafe, PgPool};

/// One link and its event.
struct Sealed {
    seq: i64,
    event: String,
    length: i32,
}

async fn verify(stage: &Stage) -> Result<VerifiedChain, String> {
    match audit::verify(stage.owner.pool(), |_| ()).await {
        Ok(verified) => Ok(verified),
        Err(NotVerified::Broken(broken)) => Err(broken.to_string()),
        Err(NotVerified::Store(error)) => panic!("{error}"),
    }
}

/// Changes what triggers and keys protect, as a superuser of the database can.
async fn by_force(pool: &PgPool, statement: &str) {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement} changes nothing");
    tx.commit().await.unwrap();
}

/// Each change is tried, must be found at its link, and is undone.
pub async fn every_byte_of_a_sealed_event_counts(stage: &Stage) {
    while audit::seal(stage.owner.pool()).await.unwrap() > 0 {}
    let whole = verify(stage).await.expect("the chain holds");
    assert_eq!(whole.unsealed, 0);
    let rows: Vec<(i64, String, i32)> = sqlx::query_as(
        "select seq, event_id::text, octet_length(canonical) from audit_link join event on id = event_id order by seq",
    )
    .fetch_all(stage.owner.pool())
    .await
    .unwrap();
    let links: Vec<_> = rows.into_iter().map(|(seq, event, length)| Sealed { seq, event, length }).collect();
    assert!(links.len() > 20, "the story left its trail: {}", links.len());
    sqlx::query("create table kept_event as table event").execute(stage.owner.pool()).await.unwrap();
    sqlx::query("create table kept_link as table audit_link").execute(stage.owner.pool()).await.unwrap();

    let middle = links.len() / 2;
    for offset in 0..links[middle].length {
        byte_of_the_event(stage, &links[middle], offset).await;
    }
    for sealed in &links[..links.len() - 1] {
        byte_of_the_event(stage, sealed, sealed.length / 2).await;
        byte_of_the_link(stage, sealed, i32::try_from(sealed.seq).unwrap() % 32).await;
        removal(stage, sealed).await;
    }
    assert_eq!(verify(stage).await, Ok(whole), "all was undone");
}

async fn byte_of_the_event(stage: &Stage, sealed: &Sealed, offset: i32) {
    let Sealed { seq, event, .. } = sealed;
    let flip = format!(
        "update event set canonical = set_byte(canonical, {offset}, get_byte(canonical, {offset}) # 1) \
         where id = '{event}'"
    );
    let restore = format!(
        "update event set canonical = k.canonical from kept_event k where k.id = event.id and event.id = '{event}'"
    );
    found(stage, &flip, &restore, *seq).await;
}

async fn byte_of_the_link(stage: &Stage, sealed: &Sealed, offset: i32) {
    let seq = sealed.seq;
    for column in ["hash", "previous"] {
        let flip = format!(
            "update audit_link set {column} = set_byte({column}, {offset}, get_byte({column}, {offset}) # 1) \
             where seq = {seq}"
        );
        let restore = format!(
            "update audit_link l set {column} = k.{column} from kept_link k where k.seq = l.seq and l.seq = {seq}"
        );
        found(stage, &flip, &restore, seq).await;
    }
}

async fn removal(stage: &Stage, sealed: &Sealed) {
    let Sealed { seq, event, .. } = sealed;
    let (remove, restore) = (
        format!("delete from event where id = '{event}'"),
        format!("insert into event select * from kept_event where id = '{event}'"),
    );
    found(stage, &remove, &restore, *seq).await;
    let (remove, restore) = (
        format!("delete from audit_link where seq = {seq}"),
        format!("insert into audit_link select * from kept_link where seq = {seq}"),
    );
    found(stage, &remove, &restore, *seq).await;
}

async fn found(stage: &Stage, change: &str, restore: &str, seq: i64) {
    by_force(stage.owner.pool(), change).await;
    let broken = verify(stage).await.expect_err(change);
    assert!(broken.contains(&format!("link {seq}:")), "{change} at link {seq} is told as: {broken}");
    by_force(stage.owner.pool(), restore).await;
}
