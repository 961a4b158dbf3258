//! Asking and deciding, page by page.

use super::{Answer, Portal};
use crate::town::{POLICY, Town, edit, observation, view};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use latchkey::actions::own;
use latchkey_domain::access::{RequestId, blocker::Blocker, request::Verdict};

const LOOK: [(&str, &str); 5] = [
    ("cluster", "prod-eu"),
    ("profile", "view"),
    ("namespace", "payments"),
    ("minutes", "60"),
    ("reason", "Why did the settlement stop?"),
];

fn id_of(answer: &Answer) -> RequestId {
    answer.header("location").trim_start_matches("/requests/").parse().unwrap()
}

async fn sent(portal: &Portal) -> RequestId {
    let arn = Town::arn("ana");
    let fields = [&LOOK[..], &[("principal", arn.as_str())]].concat();
    id_of(&portal.post("ana", "/requests", &fields).await.expect(StatusCode::SEE_OTHER))
}

#[tokio::test]
async fn before_sending_the_form_says_what_would_come_of_it() {
    let portal = Portal::new().await;
    let address = "/requests/new?cluster=prod-eu&profile=view&namespace=payments&minutes=120";
    let page = portal.get("ana", address).await.expect(StatusCode::OK);
    assert_eq!(
        page.one(".summary .sentence"),
        "You will be able to read pods and 3 other kinds in payments on prod-eu for 2 hours."
    );
    let cannot = page.all(".summary .cannot li");
    assert!(cannot.contains(&"read secrets".to_owned()), "{cannot:?}");
    assert!(cannot.contains(&"do any of this in another namespace".to_owned()), "{cannot:?}");
    assert_eq!(page.one(".summary .risk-word"), "Low risk");
    assert!(page.text.contains("one of") || page.text.contains("Ben, Chi or Dot decides."), "{}", page.text);
    assert_eq!(page.all("#namespace label"), ["payments", "payments-batch"], "observed and permitted only");
    assert_eq!(page.all("#profile label .name"), ["view", "edit", "nodes"]);
    assert!(page.all(".obstacles li, .obstacles .notice").is_empty(), "{:?}", page.all(".obstacles .notice"));
}

#[tokio::test]
async fn the_form_does_not_promise_what_no_request_can_use() {
    let portal = Portal::new().await;
    let rule = r#"api_groups = [""], resources = ["configmaps"], resource_names = ["a"], verbs = ["get", "create"]"#;
    let own = format!("[[profiles]]\nname = \"own\"\nscope = \"namespace\"\nrules = [{{ {rule} }}]\n\n[[policies]]");
    let policy =
        POLICY.replacen("[[policies]]", &own, 1).replacen("[\"view\"]\nclusters", "[\"view\", \"own\"]\nclusters", 1);
    portal.town.apply_policy(&policy).await;
    let address = "/requests/new?cluster=prod-eu&profile=own&namespace=payments&minutes=120";
    let page = portal.get("ana", address).await.expect(StatusCode::OK);
    assert_eq!(page.all(".summary .can li"), ["get configmaps named a"]);
    let warned = page.all(".summary .warn li");
    assert!(
        warned[0].starts_with("never works: create configmaps named a (a request to create carries no name"),
        "{warned:?}"
    );
    assert!(page.text.contains("An operator has to mend the profile"), "{}", page.text);
    assert!(!page.one(".summary .sentence").contains("create"), "{}", page.one(".summary .sentence"));
}

#[tokio::test]
async fn without_a_script_check_reloads_the_form_with_its_summary_and_stores_nothing() {
    let portal = Portal::new().await;
    let page = portal.post("ana", "/requests/new", &LOOK).await.expect(StatusCode::OK);
    assert!(page.text.starts_with("<!doctype html>"));
    assert!(page.one(".summary .sentence").contains("payments on prod-eu"));
    assert_eq!(page.one("#reason"), "Why did the settlement stop?");
    assert_eq!(portal.town.requests().await, 0);
}

#[tokio::test]
async fn a_live_form_answers_its_part_and_an_address_without_the_reason() {
    let portal = Portal::new().await;
    let request = super::form("/requests/new", &LOOK)
        .header(header::COOKIE, portal.cookie("ana").await)
        .header("hx-request", "true")
        .body(super::body(&LOOK))
        .unwrap();
    let part = portal.send(request).await.expect(StatusCode::OK);
    assert!(part.text.trim_start().starts_with("<div id=\"ask-form\""), "{}", part.text);
    let address = part.header("hx-replace-url");
    assert!(address.starts_with("/requests/new?cluster=prod"), "{address}");
    assert!(!address.contains("settlement"), "{address}");
}

#[tokio::test]
async fn minutes_of_ones_own_win_over_the_chip_that_is_chosen() {
    let portal = Portal::new().await;
    let arn = Town::arn("ana");
    let fields = [&LOOK[..], &[("principal", arn.as_str()), ("other_minutes", " 45 ")]].concat();
    let page = portal.post("ana", "/requests/new", &fields).await.expect(StatusCode::OK);
    assert_eq!(page.attribute("#other-minutes", "value"), "45");
    assert!(page.all("#minutes input[checked]").is_empty());
    assert!(page.one(".summary .sentence").ends_with("for 45 minutes."));
    let wrong = [&LOOK[..], &[("other_minutes", "soon")]].concat();
    let page = portal.post("ana", "/requests", &wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.attribute("#other-minutes", "value"), "soon");
    assert!(page.all("#minutes .error").len() == 1, "{}", page.text);
    portal.post("ana", "/requests", &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(portal.town.count("select minutes::bigint from request").await, 45);
}

#[tokio::test]
async fn a_search_finds_clusters_by_name_and_shows_which_are_closed() {
    let portal = Portal::new().await;
    let page = portal.get("ana", "/requests/new").await.expect(StatusCode::OK);
    assert_eq!(page.all("#cluster .name"), ["prod-eu"], "those one may ask for");
    let page = portal.get("ana", "/requests/new?find=STAGING&cluster=prod-eu").await.expect(StatusCode::OK);
    assert_eq!(page.all("#cluster .name"), ["prod-eu", "staging-eu"], "what is chosen stays");
    assert_eq!(page.attribute("#cluster input[disabled]", "value"), "staging-eu");
    let page = portal.get("ana", "/requests/new?find=nothing").await.expect(StatusCode::OK);
    assert_eq!(page.one("#found"), "No cluster is called that.");
    sent(&portal).await;
    let page = portal.get("ana", "/requests/new").await.expect(StatusCode::OK);
    assert!(page.one("#cluster .line").starts_with("You asked for view here"));
}

#[tokio::test]
async fn of_many_clusters_the_form_shows_few() {
    let portal = Portal::new().await;
    let mut policy = POLICY.to_owned();
    for n in 0..1_000 {
        let cluster = format!(
            "[[clusters]]\nname = \"more-{n:03}\"\narn = \"arn:aws:eks:eu-west-1:111122223333:cluster/more-{n:03}\"\n\
             labels = {{ stage = \"prod\" }}\n"
        );
        policy.push_str(&cluster);
    }
    portal.town.apply_policy(&policy).await;
    let page = portal.get("ana", "/requests/new?cluster=more-900").await.expect(StatusCode::OK);
    let shown = page.all("#cluster .name");
    assert!(shown.len() <= 21 && shown.contains(&"more-900".to_owned()), "{shown:?}");
    assert!(page.text.len() < 40_000, "{} bytes", page.text.len());
}

#[tokio::test]
async fn a_bad_form_comes_back_filled_with_a_sentence_beside_each_field() {
    let portal = Portal::new().await;
    let fields =
        [("cluster", "prod-eu"), ("profile", "view"), ("namespace", "nothing"), ("minutes", "60"), ("reason", " ")];
    let page = portal.post("ana", "/requests", &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.one("title").starts_with("Error: "));
    let summary = page.all(".error-summary a");
    assert!(summary.iter().any(|line| line.contains("There is no namespace nothing on prod-eu")), "{summary:?}");
    assert!(page.one("#namespace .error").contains("There is no namespace"));
    assert!(page.one("#reason-field .error").contains("Say why"));
    assert_eq!(page.attribute("#cluster input[checked]", "value"), "prod-eu");
    assert_eq!(page.attribute("#profile input[checked]", "value"), "view");
    assert_eq!(portal.town.requests().await, 0);
}

#[tokio::test]
async fn a_duplicate_is_linked() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let page = portal.post("ana", "/requests", &LOOK).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.attribute(".error-summary a", "href"), format!("/requests/{id}"));
}

#[tokio::test]
async fn a_request_is_shown_to_those_it_concerns_and_to_nobody_else() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let address = format!("/requests/{id}");
    for who in ["ana", "ben", "chi", "dee", "eli"] {
        let page = portal.get(who, &address).await.expect(StatusCode::OK);
        assert!(page.one("h1").contains("read pods and 3 other kinds in payments on prod-eu for 1 hour"), "{who}");
    }
    for who in ["fay", "gus"] {
        portal.get(who, &address).await.expect(StatusCode::NOT_FOUND);
        portal.get(who, &format!("{address}/live?seen=")).await.expect(StatusCode::NOT_FOUND);
        let fields = [("verdict", "approve"), ("seen", "")];
        portal.post(who, &format!("{address}/votes"), &fields).await.expect(StatusCode::NOT_FOUND);
        portal.post(who, &format!("{address}/cancel"), &[]).await.expect(StatusCode::NOT_FOUND);
    }
    portal.post("ben", &format!("{address}/cancel"), &[]).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_approver_sees_exactly_what_would_change_and_approves_it() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    assert!(portal.get("ben", "/inbox").await.one("tbody th").contains("Ana asks to read pods"));
    let page = portal.get("ben", &format!("/requests/{id}")).await.expect(StatusCode::OK);
    let titles = page.all(".document header > span:first-child");
    assert_eq!(titles, ["IAM policy latchkey", "ConfigMap kube-system/aws-auth, mapUsers", "Binding"]);
    let added = page.all(".document .added").join("\n");
    for line in
        ["eks:DescribeCluster", "user/latchkey/ana", "latchkey:ana:1", "kind: RoleBinding", "namespace: payments"]
    {
        assert!(added.contains(line), "{line} in\n{added}");
    }
    // What is not known before the approval has a placeholder, the same each time.
    for line in ["name: latchkey:<id>:", "latchkey/grant: <id>", "latchkey/ends-by: <latest end>"] {
        assert!(added.replace('"', "").contains(line), "{line} in\n{added}");
    }
    let again = portal.get("ben", &format!("/requests/{id}")).await;
    assert_eq!(again.all(".document .added").join("\n"), added);
    assert!(page.all(".document .said").iter().any(|said| said.starts_with("<id> is the access")), "{}", page.text);
    // The page says once what it waits for.
    assert_eq!(page.text.matches("Waiting for ").count(), 1, "{}", page.text);
    let seen = page.attribute("#decide input[name=seen]", "value");
    let fields = [("verdict", "approve"), ("reason", "Go ahead"), ("seen", seen.as_str())];
    let answer = portal.post("ben", &format!("/requests/{id}/votes"), &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), format!("/requests/{id}"));
    let page = portal.get("ben", &format!("/requests/{id}")).await;
    assert!(page.one(".notice.tone-neutral").starts_with("You approved"));
    assert!(page.all("#decide").is_empty());
    let page = portal.get("ana", &format!("/requests/{id}")).await;
    assert!(page.all(".event-title").iter().any(|title| title.starts_with("Ben approved")));
    assert_eq!(page.all(".event-body blockquote"), ["Why did the settlement stop?", "Go ahead"]);
    assert!(page.attribute("#open-access", "href").starts_with("/grants/"));
    // The same click again changes nothing and is not an error.
    portal.post("ben", &format!("/requests/{id}/votes"), &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(portal.town.accesses().await, 1);
    // An approver who comes too late is told who was first.
    let page = portal.post("chi", &format!("/requests/{id}/votes"), &fields).await.expect(StatusCode::CONFLICT);
    assert!(page.one(".notice.tone-needs").contains("approved already"));
    assert!(portal.get("ben", "/inbox?tab=decided").await.one("tbody td:last-child").contains("You approved"));
}

#[tokio::test]
async fn the_requester_cannot_decide_and_is_told_who_can() {
    let portal = Portal::new().await;
    let fields = [&LOOK[..], &[("principal", "arn:aws:iam::111122223333:user/latchkey/ben")]].concat();
    let id = id_of(&portal.post("ben", "/requests", &fields).await.expect(StatusCode::SEE_OTHER));
    let page = portal.get("ben", &format!("/requests/{id}")).await;
    assert_eq!(page.one(".notice.tone-neutral"), "You cannot approve your own request. Chi or Dot can.");
    assert!(page.all("#decide").is_empty());
    let seen = portal.town.seen(id).await.to_string();
    let fields = [("verdict", "approve"), ("seen", seen.as_str())];
    let page = portal.post("ben", &format!("/requests/{id}/votes"), &fields).await.expect(StatusCode::FORBIDDEN);
    assert!(page.one(".notice.tone-needs").contains("cannot decide your own request"));
    assert_eq!(portal.town.votes().await, 0);
}

#[tokio::test]
async fn a_denial_needs_a_reason_and_keeps_what_was_chosen() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let seen = portal.town.seen(id).await.to_string();
    let votes = format!("/requests/{id}/votes");
    let fields = [("verdict", "deny"), ("reason", " "), ("seen", seen.as_str())];
    let page = portal.post("ben", &votes, &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.one("#reason-error").starts_with("Say why"));
    let odd = "no\u{0}";
    let fields = [("verdict", "deny"), ("reason", odd), ("seen", seen.as_str())];
    portal.post("ben", &votes, &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("verdict", "deny"), ("reason", "Use staging"), ("seen", seen.as_str())];
    portal.post("ben", &votes, &fields).await.expect(StatusCode::SEE_OTHER);
    let page = portal.get("ana", &format!("/requests/{id}")).await;
    assert_eq!(page.one(".band .pill"), "Denied");
    assert!(page.attribute("#ask-again", "href").contains("cluster=prod%2Deu&profile=view"));
}

#[tokio::test]
async fn a_stale_form_is_refused_with_a_fresh_page_and_its_input() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let before = portal.town.seen(id).await.to_string();
    portal.town.apply_policy(&POLICY.replace("longest = \"8h\"", "longest = \"6h\"")).await;
    let fields = [("verdict", "approve"), ("reason", "Looks right"), ("seen", before.as_str())];
    let votes = format!("/requests/{id}/votes");
    let page = portal.post("ben", &votes, &fields).await.expect(StatusCode::CONFLICT);
    assert!(page.one(".notice.tone-needs").contains("changed since this page was made"));
    assert_eq!(page.one("#reason"), "Looks right");
    let fresh = page.attribute("#decide input[name=seen]", "value");
    assert_ne!(fresh, before);
    portal.post("ben", &votes, &[("verdict", "approve"), ("seen", fresh.as_str())]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_live_page_answers_only_what_changed_and_stops_at_the_end() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let page = portal.get("ana", &format!("/requests/{id}")).await;
    let poll = page.attribute(".poll", "hx-get");
    assert_eq!(page.attribute(".poll", "hx-trigger"), "every 15s");
    portal.get("ana", &poll).await.expect(StatusCode::NO_CONTENT);
    portal.post("ana", &format!("/requests/{id}/cancel"), &[]).await.expect(StatusCode::SEE_OTHER);
    let part = portal.get("ana", &poll).await.expect(StatusCode::OK);
    assert!(part.text.trim_start().starts_with("<div id=\"live-part\""), "{}", part.text);
    assert!(part.all(".poll").is_empty(), "the last part has no trigger");
    let request = Request::get(&poll).header("hx-request", "true").body(Body::empty()).unwrap();
    let out = portal.send(request).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(out.one(".text"), "Signed out; sign in.");
}

#[tokio::test]
async fn what_is_under_a_decider_never_changes_by_itself() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let page = portal.get("ben", &format!("/requests/{id}")).await;
    let poll = page.attribute(".poll", "hx-get");
    assert_eq!(page.attribute(".poll", "hx-target"), "#changed");
    portal.post("ana", &format!("/requests/{id}/cancel"), &[]).await.expect(StatusCode::SEE_OTHER);
    let part = portal.get("ben", &poll).await.expect(StatusCode::OK);
    assert!(part.one(".notice").contains("This request changed since you opened it. Reload"));
}

#[tokio::test]
async fn the_first_page_shows_what_one_asked_for_and_what_needs_one() {
    let portal = Portal::new().await;
    assert!(portal.get("fay", "/").await.text.contains("Prove your AWS identity"));
    let id = portal.town.asks("ana", view()).await;
    let page = portal.get("ana", "/").await.expect(StatusCode::OK);
    assert_eq!(page.attribute("tbody th a", "href"), format!("/requests/{id}"));
    assert!(portal.get("ben", "/").await.one("#needs-me").contains("Waiting for you"));
    portal.town.vote("ben", id, Verdict::Approve).await.unwrap();
    let page = portal.get("ana", "/").await;
    assert!(page.one(".access-card h3").starts_with("You will be able to read pods"));
}

#[tokio::test]
async fn a_request_decided_elsewhere_stays_in_the_inbox_with_its_outcome() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    // The age of a new request is told in seconds, so that the page would change between two reads.
    portal.town.advance(10).await;
    let page = portal.get("ben", "/inbox").await.expect(StatusCode::OK);
    assert_eq!(page.one("title"), "Inbox (1) · Latchkey");
    assert_eq!(page.one("#announce"), "One request waits for you.");
    assert_eq!(page.attribute("#first", "href"), format!("/requests/{id}"));
    let live = page.attribute("[data-poll]", "hx-get");
    portal.get("ben", &live).await.expect(StatusCode::NO_CONTENT);
    portal.town.vote("chi", id, Verdict::Approve).await.unwrap();
    portal.town.advance(10).await;
    let part = portal.get("ben", &live).await.expect(StatusCode::OK);
    assert!(part.text.trim_start().starts_with("<div id=\"inbox-part\""), "{}", part.text);
    assert_eq!(part.one("#announce"), "Nothing waits for you.");
    assert_eq!(part.one(".settled td:last-child .pill"), "Approved");
    assert!(part.one(".settled td:last-child .line").starts_with("Chi approved"), "{}", part.text);
    assert!(part.all("#first").is_empty());
    let again = part.attribute("[data-poll]", "hx-get");
    portal.get("ben", &again).await.expect(StatusCode::NO_CONTENT);
    let stranger = portal.get("gus", &live).await.expect(StatusCode::OK);
    assert!(stranger.all("tbody tr").is_empty(), "what is not theirs to see is not told");
    assert!(portal.get("ben", "/inbox").await.all("tbody tr").is_empty(), "a fresh page shows what waits alone");
}

/// Leaves the target of `prod-eu` as a worker's last run, or an operator, would.
async fn hold(portal: &Portal, set: &str) {
    let statement = format!(
        "insert into target (kind, key) select 'cluster', id from cluster where name = 'prod-eu' on conflict do nothing;
         update target set {set} where kind = 'cluster' and key = (select id from cluster where name = 'prod-eu')"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(portal.town.owner.pool()).await.unwrap();
}

#[tokio::test]
async fn who_asks_and_who_decides_are_told_in_one_line_that_nothing_can_be_set_up_there_now() {
    let portal = Portal::new().await;
    let id = portal.town.asks("ana", view()).await;
    let (path, form) = (format!("/requests/{id}"), "/requests/new?cluster=prod-eu");
    let lines = async || {
        let asked = portal.get("gus", form).await.expect(StatusCode::OK).all("#summary .notice");
        let mut lines = vec![asked];
        for who in ["ben", "ana"] {
            lines.push(portal.get(who, &path).await.expect(StatusCode::OK).all("#waits"));
        }
        lines
    };
    assert!(lines().await.concat().is_empty(), "all is well");
    let version = async |who: &str| portal.get(who, &path).await.attribute("[data-poll]", "hx-get");
    let before = version("ana").await;
    let inside = "its marker has epoch 41: run `latchkey accept-restore prod-eu`";
    let waits = " What is approved waits, for 30 minutes at most.";
    for (set, told, asks) in [
        (
            format!("failure = '{inside}', failed_since = clock_timestamp()"),
            "Latchkey cannot work on it now; operators see why.",
            " You can ask. What is approved waits, for 30 minutes at most.",
        ),
        (
            format!("failure = '{inside}', fenced_since = clock_timestamp(), fenced_why = '{inside}'"),
            "an operator has to check first that it is this Latchkey\u{2019}s.",
            " Ask once it can.",
        ),
    ] {
        hold(&portal, &set).await;
        for (line, then) in lines().await.iter().zip([asks, waits, waits]) {
            let [line] = line.as_slice() else { panic!("one line: {line:?}") };
            assert!(line.starts_with("Nothing can be set up on prod-eu since "), "{line}");
            assert!(line.ends_with(&format!("{told}{then}")), "{line}");
        }
        for who in ["ben", "ana"] {
            let page = portal.get(who, &path).await.text;
            assert!(!page.contains("epoch 41") && !page.contains("accept-restore"), "no inside: {page}");
        }
    }
    assert_ne!(version("ana").await, before, "a page that is open learns of it");
    let gus = portal.get("gus", &format!("{form}&profile=view&namespace=payments&minutes=60")).await;
    assert!(!gus.text.contains("accept-restore") && gus.all("#summary .notice").len() == 2, "{}", gus.text);
    let fields =
        [("cluster", "prod-eu"), ("profile", "view"), ("namespace", "payments"), ("minutes", "60"), ("reason", "look")];
    let refused = portal.post("gus", "/requests", &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.one(".error-summary li"), "Nothing can be set up on prod-eu at present. Ask once it can.");
}

#[tokio::test]
async fn a_cluster_whose_api_server_does_not_answer_shows_no_inside_to_who_decides() {
    let portal = Portal::new().await;
    let id = portal.town.asks("ana", view()).await;
    let cluster = portal.town.cluster("prod-eu").await;
    let mut seen = observation("prod-eu");
    seen.trouble = Some(Blocker::said("The API server 10.0.0.7 does not answer."));
    portal.town.observe("cluster", cluster, &seen).await;
    hold(&portal, "failure = 'The API server 10.0.0.7 does not answer.'").await;
    let page = portal.get("ben", &format!("/requests/{id}")).await.expect(StatusCode::OK);
    assert!(page.one("#waits").starts_with("Nothing can be set up on prod-eu: Latchkey cannot work on it now"));
    assert!(!page.text.contains("10.0.0.7") && !page.text.contains("could not be set up"), "{}", page.text);
}

#[tokio::test]
async fn a_void_vote_names_the_rule_that_changed_to_voter_and_requester() {
    let portal = Portal::new().await;
    let id = portal.town.asks("ana", edit()).await;
    portal.town.vote("chi", id, Verdict::Approve).await.unwrap();
    let page = portal.get("chi", &format!("/requests/{id}")).await;
    assert!(page.all("#decide").is_empty(), "chi approved what stands");
    portal.town.apply_policy(&POLICY.replace("quorum = 2", "quorum = 3")).await;
    let page = portal.get("chi", &format!("/requests/{id}")).await;
    let part = page.one(".notice.tone-neutral");
    assert!(part.contains("It is void: 3 approvals are wanted instead of 2. Look again, then decide."), "{part}");
    assert_eq!(page.all("#decide").len(), 1, "what is void is asked again");
    let page = portal.get("ana", &format!("/requests/{id}")).await;
    assert!(page.text.contains("That is void: 3 approvals are wanted instead of 2."), "{}", page.text);
    assert!(page.one("#announce").contains("3 approvals needed"), "{}", page.one("#announce"));
    assert!(portal.get("chi", "/inbox").await.text.contains("0 of 3 approved"));
}

#[tokio::test]
async fn what_cannot_be_resolved_offers_a_denial_only() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    let mut seen = observation("prod-eu");
    seen.kubernetes.as_mut().unwrap().cluster_roles.remove("view");
    portal.town.observe("cluster", portal.town.cluster("prod-eu").await, &seen).await;
    let page = portal.get("ben", &format!("/requests/{id}")).await;
    assert!(page.one("#only-deny").contains("The ClusterRole view of this profile is not on the cluster now"));
    assert_eq!(page.all("#decide button").len(), 1);
    assert_eq!(page.one("#decide button"), "Deny");
}

#[tokio::test]
async fn a_request_that_others_closed_says_which_and_what_to_do() {
    let portal = Portal::new().await;
    let id = sent(&portal).await;
    own::seeded(&portal.town.web, portal.town.person("gus"), &Town::arn("ana"), "AIDANEW").await.unwrap();
    let page = portal.get("ana", &format!("/requests/{id}")).await;
    assert_eq!(page.one(".band .pill"), "Closed: its identity ended");
    assert!(
        page.one("#announce").contains("the AWS identity that it was asked for ended"),
        "{}",
        page.one("#announce")
    );
    assert!(portal.get("ana", "/").await.text.contains("Closed: its identity ended"));
    let seen = portal.town.seen(id).await.to_string();
    let fields = [("verdict", "approve"), ("seen", seen.as_str())];
    let page = portal.post("ben", &format!("/requests/{id}/votes"), &fields).await;
    assert!(page.status == StatusCode::CONFLICT || page.status == StatusCode::NOT_FOUND, "{}", page.status);
}
