//! The audit chain: what the sealer links, and what a verification finds.

use crate::town::Town;
use jiff::SignedDuration;
use latchkey::actions::audit::{NotAsked, check_now};
use latchkey::store::audit::{
    self, NotVerified, VerifiedChain,
    walk::{WalkStep, step},
};
use latchkey_domain::{
    access::{EventDraft, transition::Actor},
    audit::{ChainPlace, event::Event},
};
use sqlx::{AssertSqlSafe, Executor as _};

async fn happen(town: &Town) {
    let mut tx = town.worker.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    tx.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
    tx.commit().await.unwrap();
}

/// A town with a few sealed events.
async fn sealed() -> Town {
    let town = Town::new().await;
    town.grant().await;
    for _ in 0..5 {
        happen(&town).await;
    }
    assert!(audit::seal(town.worker.pool()).await.unwrap() >= 7);
    town
}

/// A town in which every event has its link, and the number of links.
async fn settled() -> (Town, u64) {
    let town = Town::new().await;
    let links = audit::seal(town.worker.pool()).await.unwrap();
    (town, links)
}

async fn verify(town: &Town) -> Result<VerifiedChain, NotVerified> {
    audit::verify(town.web.pool(), |_| {}).await
}

/// The place at which a verification finds the chain broken, after the owner changed it behind the triggers' back.
async fn broken_after(town: &Town, statement: &str) -> String {
    let tampering = format!("set local session_replication_role = replica; {statement}");
    let mut tx = town.owner.pool().begin().await.unwrap();
    tx.execute(AssertSqlSafe(tampering)).await.unwrap();
    tx.commit().await.unwrap();
    match verify(town).await {
        Err(NotVerified::Broken(broken)) => broken.to_string(),
        other => panic!("{statement}: {other:?}"),
    }
}

#[tokio::test]
async fn sealed_chain_holds_and_new_events_wait_for_their_links() {
    let town = sealed().await;
    let verified = verify(&town).await.unwrap();
    assert_eq!(
        (i64::try_from(verified.links).unwrap(), verified.unsealed),
        (town.count("select count(*) from event").await, 0)
    );
    assert_eq!(audit::seal(town.worker.pool()).await.unwrap(), 0);
    happen(&town).await;
    assert_eq!(audit::lag(town.web.pool()).await.unwrap().events, 1);
    assert_eq!(verify(&town).await.unwrap().unsealed, 1);
    assert_eq!(audit::seal(town.worker.pool()).await.unwrap(), 1);
    assert_eq!(verify(&town).await.unwrap().links, verified.links + 1);
}

#[tokio::test]
async fn event_that_commits_after_later_ones_were_sealed_is_still_sealed() {
    let (town, before) = settled().await;
    let mut early = town.worker.begin().await.unwrap();
    let now = early.now().await.unwrap();
    early.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
    happen(&town).await;
    assert_eq!(audit::seal(town.worker.pool()).await.unwrap(), 1);
    early.commit().await.unwrap();
    assert_eq!(audit::seal(town.worker.pool()).await.unwrap(), 1);
    let verified = verify(&town).await.unwrap();
    assert_eq!((verified.links, verified.unsealed), (before + 2, 0));
}

#[tokio::test]
async fn two_sealers_at_once_link_each_event_once() {
    let (town, before) = settled().await;
    for _ in 0..20 {
        happen(&town).await;
    }
    let pool = town.worker.pool();
    let sealers = (0..4).map(|_| {
        tokio::spawn({
            let pool = pool.clone();
            async move { audit::seal(&pool).await }
        })
    });
    let mut linked = 0;
    for sealer in sealers {
        linked += sealer.await.unwrap().unwrap();
    }
    linked += audit::seal(pool).await.unwrap();
    assert_eq!(linked, 20);
    assert_eq!(verify(&town).await.unwrap().links, before + 20);
}

#[tokio::test]
async fn any_changed_or_removed_part_of_the_sealed_chain_is_found_by_its_place() {
    for (statement, expected) in [
        (
            "update event set canonical = set_byte(canonical, 20, get_byte(canonical, 20) # 1)
             where id = (select event_id from audit_link where seq = 3)",
            "at link 3: its hash is not that of its event",
        ),
        (
            "update event set action = 'request.denied' where id = (select event_id from audit_link where seq = 2)",
            "at link 2: `action` of its event",
        ),
        (
            "update event set at = at + interval '1 s' where id = (select event_id from audit_link where seq = 2)",
            "at link 2: `at` of its event",
        ),
        (
            "update event set person_id = null where id = (select event_id from audit_link where seq = 1)",
            "at link 1: `person_id` of its event",
        ),
        (
            "update audit_link set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where seq = 4",
            "at link 4: its hash is not",
        ),
        (
            "update audit_link set previous = set_byte(previous, 0, get_byte(previous, 0) # 1) where seq = 4",
            "at link 4: it does not follow",
        ),
        ("delete from audit_link where seq = 3", "at link 3: it is missing; the next one is 4"),
        ("delete from audit_link where seq = 1", "at link 1: it is missing; the next one is 2"),
        ("delete from event where id = (select event_id from audit_link where seq = 5)", "at link 5: its event"),
        (
            "alter table audit_link drop constraint audit_link_event_unique;
             update audit_link a set event_id = b.event_id from audit_link b where (a.seq, b.seq) in ((2, 3), (3, 2))",
            "at link 2: its hash is not",
        ),
    ] {
        let town = sealed().await;
        let told = broken_after(&town, statement).await;
        assert!(told.contains(expected), "{statement}: {told}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named_and_what_is_changed_after_it_is_found() {
    let town = sealed().await;
    let before = verify(&town).await.unwrap().links;
    town.write_unreadable(&[b"\x00", b"\xff\xfe", b"{}"]).await;
    audit::seal(town.worker.pool()).await.unwrap();
    for _ in 0..45 {
        happen(&town).await;
    }
    audit::seal(town.worker.pool()).await.unwrap();
    let verified = verify(&town).await.unwrap();
    let named: Vec<u64> = verified.unreadable.first.iter().map(|(link, _)| *link).collect();
    assert_eq!((verified.links, verified.unsealed), (before + 48, 0));
    assert_eq!(named, [before + 1, before + 2, before + 3]);
    assert_eq!(walk(&town, AT_ONCE).await, WalkStep::Verified(before + 48));
    let checked = latchkey::store::read::audit::checked(&town.web).await.unwrap();
    assert_eq!((checked.broken, checked.unreadable.len()), (None, 3));
    assert_eq!(latchkey::store::read::pulse::read(&town.web).await.unwrap().broken, None, "nothing is broken");
    let change = format!(
        "update event set canonical = set_byte(canonical, 20, get_byte(canonical, 20) # 1)
         where id = (select event_id from audit_link where seq = {})",
        before + 5
    );
    tamper(&town, &change).await;
    assert!(
        matches!(verify(&town).await, Err(NotVerified::Broken(broken)) if broken.place == ChainPlace::At(before + 5))
    );
    assert!(
        matches!(walk(&town, AT_ONCE).await, WalkStep::Broken(broken) if broken.place == ChainPlace::At(before + 5))
    );
    tamper(&town, &change).await;
    // An event that cannot be read is held to its hash, too.
    let change = "update event set canonical = '\\x01' where canonical = '\\x00'";
    tamper(&town, change).await;
    assert!(
        matches!(walk(&town, AT_ONCE).await, WalkStep::Broken(broken) if broken.place == ChainPlace::At(before + 1))
    );
}

#[tokio::test]
async fn event_that_was_kept_from_being_sealed_is_found() {
    let town = sealed().await;
    happen(&town).await;
    let last = town.count("select max(seq) from audit_link").await;
    let told = broken_after(&town, "delete from event_unsealed").await;
    assert!(told.contains("has no link, and does not wait for one"), "{told}");
    assert!(told.contains(&format!("broken after link {last}: ")), "no link is wrong: {told}");
}

#[tokio::test]
async fn neither_process_can_change_the_log_or_hide_from_the_sealer() {
    let town = sealed().await;
    happen(&town).await;
    for statement in [
        "update event set action = 'x'",
        "delete from event",
        "truncate event cascade",
        "update audit_link set seq = seq + 1",
        "delete from audit_link",
        "insert into event_unsealed values (gen_random_uuid())",
        "update event_unsealed set event_id = gen_random_uuid()",
    ] {
        for store in [&town.web, &town.worker] {
            assert!(store.pool().execute(statement).await.is_err(), "{statement}");
        }
    }
    for statement in ["delete from event_unsealed", "insert into audit_link values (99, gen_random_uuid(), '', '')"] {
        assert!(town.web.pool().execute(statement).await.is_err(), "{statement}");
    }
    for statement in ["update event set action = 'x'", "delete from audit_link", "truncate event cascade"] {
        assert!(town.owner.pool().execute(statement).await.is_err(), "{statement}");
    }
}

/// Lets the worker walk until it rests; gives the last step before the rest.
async fn walk(town: &Town, rest: SignedDuration) -> WalkStep {
    let mut last = WalkStep::Rested;
    loop {
        match step(&town.worker, rest).await.unwrap() {
            WalkStep::Went => {}
            WalkStep::Rested => return last,
            end => {
                last = end;
                // If there is no rest, the next walk would begin at once.
                if rest.is_zero() {
                    return last;
                }
            }
        }
    }
}

/// Changes the log behind the triggers' back.
async fn tamper(town: &Town, statement: &str) {
    let tampering = format!("set local session_replication_role = replica; {statement}");
    let mut tx = town.owner.pool().begin().await.unwrap();
    tx.execute(AssertSqlSafe(tampering)).await.unwrap();
    tx.commit().await.unwrap();
}

const HOURS: SignedDuration = SignedDuration::from_hours(6);
const AT_ONCE: SignedDuration = SignedDuration::ZERO;

#[tokio::test]
async fn the_worker_walks_the_whole_chain_then_rests_and_says_what_it_found() {
    let town = sealed().await;
    let links = verify(&town).await.unwrap().links;
    assert_eq!(walk(&town, HOURS).await, WalkStep::Verified(links));
    assert_eq!(walk(&town, HOURS).await, WalkStep::Rested, "the next walk is hours away");
    let checked = latchkey::store::read::audit::checked(&town.web).await.unwrap();
    assert_eq!(checked.verified.unwrap().1, i64::try_from(links).unwrap());
    assert_eq!((checked.broken, checked.walking), (None, None));
}

#[tokio::test]
async fn a_link_that_no_page_looks_at_is_found_by_the_next_walk_and_forgotten_by_one_that_finds_nothing() {
    let town = sealed().await;
    for _ in 0..60 {
        happen(&town).await;
    }
    audit::seal(town.worker.pool()).await.unwrap();
    assert!(matches!(walk(&town, AT_ONCE).await, WalkStep::Verified(_)));
    let change = "update event set canonical = set_byte(canonical, 20, get_byte(canonical, 20) # 1)
                  where id = (select event_id from audit_link where seq = 3)";
    tamper(&town, change).await;
    let pulse = async || latchkey::store::read::pulse::read(&town.web).await.unwrap().broken;
    assert_eq!(pulse().await, None, "the newest links hold");
    let WalkStep::Broken(broken) = walk(&town, AT_ONCE).await else { panic!("not found") };
    assert!(broken.place == ChainPlace::At(3) && broken.what.contains("bytes or the link were changed"), "{broken}");
    assert_eq!(pulse().await, Some(ChainPlace::At(3)), "every page says it");
    tamper(&town, change).await;
    assert!(matches!(walk(&town, AT_ONCE).await, WalkStep::Verified(_)));
    assert_eq!(pulse().await, None);
}

#[tokio::test]
async fn an_operator_has_the_chain_walked_now_and_not_hours_later() {
    let town = sealed().await;
    for _ in 0..60 {
        happen(&town).await;
    }
    audit::seal(town.worker.pool()).await.unwrap();
    let change = "update event set canonical = set_byte(canonical, 20, get_byte(canonical, 20) # 1)
                  where id = (select event_id from audit_link where seq = 3)";
    tamper(&town, change).await;
    assert!(matches!(walk(&town, HOURS).await, WalkStep::Broken(_)));
    tamper(&town, change).await;
    assert_eq!(walk(&town, HOURS).await, WalkStep::Rested, "the next is hours away");
    let pulse = async || latchkey::store::read::pulse::read(&town.web).await.unwrap().broken;
    assert_eq!(pulse().await, Some(ChainPlace::At(3)));

    for who in ["ana", "eli"] {
        let refused = check_now(&town.web, town.visitor(who)).await.unwrap_err();
        assert!(matches!(refused, NotAsked::NotFound), "{who} is not an operator");
    }
    check_now(&town.web, town.visitor("dee")).await.unwrap();
    check_now(&town.web, town.visitor("dee")).await.unwrap();
    assert!(latchkey::store::read::audit::checked(&town.web).await.unwrap().asked);
    assert_eq!(town.count("select count(*) from event where action = 'audit.check_asked'").await, 1, "once");
    assert!(matches!(walk(&town, HOURS).await, WalkStep::Verified(_)));
    assert_eq!(pulse().await, None, "it holds again");
    assert!(!latchkey::store::read::audit::checked(&town.web).await.unwrap().asked);
    assert_eq!(walk(&town, HOURS).await, WalkStep::Rested, "and the next is hours away again");
}

#[tokio::test]
async fn a_walk_begins_at_the_first_link_whatever_stands_in_its_row() {
    let town = sealed().await;
    let links = verify(&town).await.unwrap().links;
    let change = "update event set action = 'test.other' where id = (select event_id from audit_link where seq = 2)";
    tamper(&town, change).await;
    // As if all but the last link had been walked.
    let skip = "update audit_walk set seq = (select max(seq) from audit_link),
                  hash = (select hash from audit_link order by seq desc limit 1)";
    town.owner.pool().execute(skip).await.unwrap();
    let WalkStep::Broken(broken) = walk(&town, AT_ONCE).await else { panic!("fooled, {links} links") };
    assert_eq!(broken.place, ChainPlace::At(2));
    // A walk that is under way can be misled, but the next one begins at the first link.
    town.owner.pool().execute("update audit_walk set began_at = clock_timestamp()").await.unwrap();
    town.owner.pool().execute(skip).await.unwrap();
    assert!(matches!(walk(&town, AT_ONCE).await, WalkStep::Verified(_)));
    assert!(matches!(walk(&town, AT_ONCE).await, WalkStep::Broken(broken) if broken.place == ChainPlace::At(2)));
}

#[tokio::test]
async fn a_chain_that_was_cut_or_made_anew_since_it_was_verified_is_found() {
    for (statement, seq, what) in [
        (
            "delete from event_unsealed; delete from event where id in (select event_id from audit_link where seq > 4);
             delete from audit_link where seq > 4",
            5,
            "it is missing",
        ),
        (
            // The first event is removed, and the rest is linked again as a sealer would do it.
            "delete from audit_link; delete from event where id = (select id from event order by id limit 1);
             insert into event_unsealed select id from event",
            0,
            "the chain was made anew",
        ),
    ] {
        let town = sealed().await;
        let links = verify(&town).await.unwrap().links;
        assert_eq!(walk(&town, AT_ONCE).await, WalkStep::Verified(links));
        tamper(&town, statement).await;
        happen(&town).await;
        audit::seal(town.worker.pool()).await.unwrap();
        let seq = if seq == 0 { links } else { seq + 1 };
        match walk(&town, AT_ONCE).await {
            WalkStep::Broken(broken) => {
                assert!(broken.place == ChainPlace::At(seq) && broken.what.contains(what), "{broken}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_walk_finds_an_event_that_was_kept_from_being_sealed() {
    let town = sealed().await;
    let last = verify(&town).await.unwrap().links;
    happen(&town).await;
    tamper(&town, "delete from event_unsealed").await;
    match walk(&town, AT_ONCE).await {
        WalkStep::Broken(broken) => {
            assert!(broken.what.contains("does not wait for one"), "{broken}");
            assert_eq!(broken.place, ChainPlace::After(last), "no link is wrong");
        }
        other => panic!("{other:?}"),
    }
    let checked = latchkey::store::read::audit::checked(&town.web).await.unwrap();
    assert_eq!(checked.broken.unwrap().1, ChainPlace::After(last));
    assert_eq!(latchkey::store::read::pulse::read(&town.web).await.unwrap().broken, Some(ChainPlace::After(last)));
}
