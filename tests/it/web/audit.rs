//! The records and exports of the audit log, as auditors see them.

use super::Portal;
use axum::http::StatusCode;
use latchkey::store::audit;
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{EventDraft, transition::Actor},
    audit::export::Verifier,
};
use sqlx::Executor as _;

/// A portal with an access of ana's, sealed.
async fn portal() -> Portal {
    let portal = Portal::new().await;
    portal.town.grant().await;
    audit::seal(portal.town.worker.pool()).await.unwrap();
    portal
}

async fn tamper(portal: &Portal, statement: &str) {
    let mut tx = portal.town.owner.pool().begin().await.unwrap();
    let statement = format!("set local session_replication_role = replica; {statement}");
    tx.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_row_leads_to_its_record_with_bytes_hashes_and_neighbours() {
    let portal = portal().await;
    let eli = portal.browser("eli").await;
    let log = eli.get("/audit?action=request.submitted").await;
    let address = log.attribute("tbody .number a", "href");
    let page = eli.get(&address).await.expect(StatusCode::OK);
    assert!(page.one("h1").starts_with("Ana asked for view in payments"), "{}", page.one("h1"));
    assert_eq!(page.one(".band .pill"), "Link holds");
    let stored: String =
        sqlx::query_scalar("select convert_from(canonical, 'utf8') from event where action = 'request.submitted'")
            .fetch_one(portal.town.owner.pool())
            .await
            .unwrap();
    assert!(page.all("#stored")[0].contains(&stored.split_whitespace().collect::<Vec<_>>().join(" ")));
    let hash: String = sqlx::query_scalar(
        "select encode(hash, 'hex') from audit_link join event on id = event_id where action = 'request.submitted'",
    )
    .fetch_one(portal.town.owner.pool())
    .await
    .unwrap();
    assert!(page.all(".hashes dd").contains(&hash), "{:?}", page.all(".hashes dd"));
    assert!(page.text.contains("/requests/") && page.text.contains("/clusters/"));
    assert!(page.text.contains("No worker verified the whole chain yet."));
    let next = page.attribute("a[rel=next]", "href");
    let after = eli.get(&next).await.expect(StatusCode::OK);
    assert_eq!(after.attribute("a[rel=prev]", "href"), address);
    for nowhere in ["/audit/0", "/audit/-1", "/audit/99999999", "/audit/x", "/audit/9223372036854775808"] {
        eli.get(nowhere).await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_event_that_is_not_sealed_yet_has_a_page_that_becomes_its_records() {
    let portal = Portal::new().await;
    portal.town.grant().await;
    let eli = portal.browser("eli").await;
    let address = eli.get("/audit?action=request.submitted").await.attribute("tbody .number a", "href");
    let page = eli.get(&address).await.expect(StatusCode::OK);
    assert!(page.one(".band .pill") == "Not sealed yet" && page.text.contains("waits for its link"));
    audit::seal(portal.town.worker.pool()).await.unwrap();
    let moved = eli.get(&address).await.expect(StatusCode::SEE_OTHER);
    eli.get(moved.header("location")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_event_that_was_kept_from_being_sealed_is_told_at_once_and_no_export_leaves_it_out() {
    let portal = portal().await;
    let eli = portal.browser("eli").await;
    let last = portal.town.count("select max(seq) from audit_link").await;
    let mut tx = portal.town.worker.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    tx.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(eli.get("/audit").await.all("tbody .number")[0], "not sealed yet");
    assert!(!eli.get("/").await.all(".banner").join(" ").contains("audit chain"));
    portal.town.worker.pool().execute("delete from event_unsealed").await.unwrap();
    assert_eq!(eli.get("/audit").await.all("tbody .number")[0], "kept from being sealed");
    let banner = eli.get("/").await.all(".banner").join(" ");
    assert!(banner.contains(&format!("The audit chain is broken after link {last}: ")), "{banner}");
    for format in ["jsonl", "csv"] {
        let page = eli.post("/audit/export", &[("format", format)]).await.expect(StatusCode::CONFLICT);
        let told = page.one(".error-summary a");
        assert!(told.starts_with(&format!("Nothing was exported: the audit chain is broken after link {last}: ")));
        assert!(page.text.contains("does not wait for one"), "{}", page.text);
    }
}

#[tokio::test]
async fn a_changed_record_says_so_and_what_the_worker_found_stands_on_every_page_of_the_log() {
    let portal = portal().await;
    tamper(
        &portal,
        "update event set canonical = convert_to(replace(convert_from(canonical, 'utf8'), 'payments', 'billings'), 'utf8')
         where action = 'request.submitted'",
    )
    .await;
    portal.town.walk_the_chain().await;
    let eli = portal.browser("eli").await;
    let log = eli.get("/audit?action=request.submitted").await;
    assert!(log.all(".band .broken")[0].starts_with("The worker found the chain broken at link "));
    let page = eli.get(&log.attribute("tbody .number a", "href")).await.expect(StatusCode::OK);
    assert_eq!(page.one(".band .pill"), "Does not hold");
    assert!(page.one("aside .broken").starts_with("The worker found the chain broken at link "));
    assert!(portal.get("ana", "/status").await.text.contains("found the chain broken at link"));
}

#[tokio::test]
async fn an_export_holds_what_the_filters_take_verifies_and_is_itself_an_event() {
    let portal = portal().await;
    let eli = portal.browser("eli").await;
    let file = eli.post("/audit/export", &[("format", "jsonl"), ("person", "ana")]).await.expect(StatusCode::OK);
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"latchkey-audit-"));
    let mut check = Verifier::new();
    for line in file.text.lines() {
        check.line(line).unwrap();
    }
    let verified = check.end().unwrap();
    assert!(verified.header.shown >= 2 && verified.header.filters.person.as_deref() == Some("ana"));
    let log = eli.get("/audit?action=audit").await;
    let said = format!("Eli exported {} events of the audit log as jsonl.", verified.header.shown);
    assert_eq!(log.all("tbody .lead"), [said]);
    let csv = eli.post("/audit/export", &[("format", "csv"), ("action", "request.submitted")]).await;
    assert_eq!(csv.expect(StatusCode::OK).text.lines().count(), 3, "the head, the event, and that it is whole");
    let none = eli.post("/audit/export", &[("format", "csv"), ("action", "session.ended")]).await;
    assert_eq!(none.expect(StatusCode::OK).text.lines().count(), 2, "it has not happened yet");
    eli.post("/audit/export", &[("format", "xlsx")]).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_export_for_a_name_that_nobody_has_is_refused_at_its_field_and_is_no_event() {
    let portal = portal().await;
    let eli = portal.browser("eli").await;
    for (field, name, told) in [
        ("person", "ama", "No person is called ama here. Did you mean ana?"),
        ("actor", "wroker", "No person, and no process, is called wroker here. Did you mean worker?"),
        ("cluster", "nowhere", "No cluster is called nowhere here."),
        ("action", "grant.endet", "No event has the action grant.endet. Did you mean grant.ended?"),
        ("from", "yesterday", "Write a day as 2026-11-24, or a moment as 2026-11-24T14:00:00Z."),
    ] {
        for format in ["jsonl", "csv"] {
            let form = [("format", format), ("to", "2030-01-01"), (field, name)];
            let page = eli.post("/audit/export", &form).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(page.one(".error-summary a"), told);
            assert_eq!(page.attribute(".error-summary a", "href"), format!("#{field}"));
            assert_eq!(page.one(".error-summary h2"), "Not exported");
            assert_eq!(page.one(&format!(".field.wrong #{field}-error")), told);
            assert_eq!(page.attribute(&format!("#{field}"), "aria-describedby"), format!("{field}-error"));
            assert_eq!(page.attribute(&format!("#{field}"), "value"), name, "input is kept");
            assert_eq!(page.attribute("#to", "value"), "2030-01-01");
            assert!(page.one("title").starts_with("Error: Audit log"), "{}", page.one("title"));
            assert!(page.header("content-disposition").is_empty() && page.all(".listing, .empty").is_empty());
        }
    }
    let form = [("format", "csv"), ("person", "ama"), ("cluster", "nowhere")];
    let page = eli.post("/audit/export", &form).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.all(".field.wrong .error").len(), 2, "each fault stands at its field");
    let exported = "select count(*) from event where action = 'audit.exported'";
    assert_eq!(portal.town.count(exported).await, 0, "nothing was given away");
    // A cluster that was dropped still has its events.
    tamper(&portal, "update cluster set dropped_at = clock_timestamp() where name = 'prod-eu'").await;
    let file = eli.post("/audit/export", &[("format", "csv"), ("cluster", "prod-eu")]).await.expect(StatusCode::OK);
    assert!(file.text.lines().count() > 3, "{}", file.text);
    assert_eq!(portal.town.count(exported).await, 1);
}

#[tokio::test]
async fn no_export_begins_where_a_walk_found_a_break_among_older_links() {
    let portal = portal().await;
    let eli = portal.browser("eli").await;
    // More links than an export checks before its first byte.
    portal.town.seal_many(2_001).await;
    tamper(
        &portal,
        "update event set action = 'test.other' where id = (select event_id from audit_link where seq = 2)",
    )
    .await;
    portal.town.walk_the_chain().await;
    for format in ["jsonl", "csv"] {
        let page = eli.post("/audit/export", &[("format", format)]).await.expect(StatusCode::CONFLICT);
        let told = "Nothing was exported: the audit chain is broken at link 2: action of its event ";
        assert!(page.one(".error-summary a").starts_with(told), "{}", page.text);
        assert!(page.header("content-disposition").is_empty());
    }
    assert_eq!(portal.town.told("audit.exported").await, 0);
    // An export checks the broken link itself again, and so does not wait for the next walk, which is due hours later.
    let mend = "update event set action = convert_from(canonical, 'utf8')::jsonb ->> 'action'
        where id = (select event_id from audit_link where seq = 2)";
    tamper(&portal, mend).await;
    let log = eli.get("/audit").await;
    assert!(log.all(".band .broken")[0].starts_with("The worker found the chain broken at link 2"));
    let file = eli.post("/audit/export", &[("format", "csv")]).await.expect(StatusCode::OK);
    assert!(file.text.lines().count() > 2_000);
}

#[tokio::test]
async fn a_period_that_ends_before_it_begins_is_refused_at_its_fields_and_nothing_else_is_shown() {
    let portal = portal().await;
    let eli = portal.browser("eli").await;
    for (from, to) in [("2026-11-24", "2026-11-23"), ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z")] {
        let page = eli.get(&format!("/audit?from={from}&to={to}")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.one(".error-summary a").contains("before it begins"), "{}", page.one(".error-summary a"));
        assert!(page.one(".field.wrong .error").contains("before it begins"));
        assert_eq!(page.attribute("#to", "aria-describedby"), "to-error");
        assert_eq!((page.attribute("#from", "value"), page.attribute("#to", "value")), (from.into(), to.into()));
        assert!(page.all(".empty, .listing, .export").is_empty(), "nothing was looked for");
        let file = eli.post("/audit/export", &[("format", "csv"), ("from", from), ("to", to)]).await;
        let file = file.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(file.one(".field.wrong #to-error").contains("before it begins"));
    }
    eli.get("/audit?from=2026-11-24&to=2026-11-24").await.expect(StatusCode::OK);
    let wrong = eli.get("/audit?from=yesterday").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.one(".field.wrong .error").contains("Write a day as"), "each fault stands at its field");
}

#[tokio::test]
async fn a_page_shows_at_once_that_a_column_of_a_new_record_was_changed_under_an_intact_hash() {
    let portal = portal().await;
    let banner = async || portal.get("ana", "/").await.all(".banner").join(" ");
    assert!(!banner().await.contains("audit chain"));
    tamper(&portal, "update event set person_id = null where action = 'request.approved'").await;
    let seq = "select seq from audit_link join event on id = event_id where action = 'request.approved'";
    let seq = portal.town.count(seq).await;
    let told = banner().await;
    assert!(told.contains(&format!("The audit chain is broken at link {seq}: ")), "{told}");
}

#[tokio::test]
async fn a_log_with_a_record_that_is_no_json_can_still_be_read() {
    let portal = portal().await;
    tamper(&portal, "update event set canonical = 'x' where action = 'request.approved'").await;
    let log = portal.get("eli", "/audit").await.expect(StatusCode::OK);
    assert!(log.all("tbody .lead").contains(&"Ben approved Ana\u{2019}s request on prod-eu.".to_owned()));
}

#[tokio::test]
async fn nobody_but_auditors_reads_a_record_or_exports() {
    let portal = portal().await;
    for who in ["ana", "ben", "dee"] {
        portal.get(who, "/audit/1").await.expect(StatusCode::NOT_FOUND);
        portal.post(who, "/audit/export", &[("format", "csv")]).await.expect(StatusCode::NOT_FOUND);
    }
    assert_eq!(portal.town.told("audit.exported").await, 0);
}

#[tokio::test]
async fn an_export_is_refused_by_the_action_itself_for_whom_is_no_auditor() {
    let portal = portal().await;
    let (dee, format) = (portal.town.visitor("dee"), audit::export::Format::Jsonl);
    let refused = latchkey::actions::audit::export(
        &portal.town.web,
        dee,
        &latchkey::store::read::audit::AuditSearch::default(),
        format,
    )
    .await;
    assert!(matches!(refused, Err(latchkey::actions::audit::NotExported::NotFound)));
}
