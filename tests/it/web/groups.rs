//! Namespaces with different policies.

use super::Portal;
use crate::town::{POLICY, Town, view};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use latchkey_domain::access::request::Verdict;

/// Two approvers decide in `payments`, for an hour at most; elsewhere everything is granted at once, for up to 8 hours.
fn strict_before_lax() -> String {
    let strict = POLICY
        .replacen(
            "namespaces = [\"payments\", \"payments-*\"]\nlongest = \"8h\"",
            "namespaces = [\"payments\"]\nlongest = \"1h\"",
            1,
        )
        .replacen("quorum = 1", "quorum = 2", 1);
    assert_ne!(strict, POLICY);
    format!(
        "{strict}\n[[policies]]\nname = \"the rest\"\nrequesters = {{ groups = [\"developers\"] }}\nprofiles = [\"view\"]\n\
         clusters = {{ labels = {{ stage = \"prod\" }} }}\nnamespaces = [\"*\"]\nlongest = \"8h\"\nautomatic = true\n"
    )
}

const BOTH: [(&str, &str); 6] = [
    ("cluster", "prod-eu"),
    ("profile", "view"),
    ("namespace", "payments"),
    ("namespace", "checkout"),
    ("minutes", "480"),
    ("reason", "Why did the settlement stop?"),
];

#[tokio::test]
async fn namespaces_of_two_policies_are_refused_together_and_each_group_is_a_link_away() {
    let portal = Portal::new().await;
    portal.town.apply_policy(&strict_before_lax()).await;
    let arn = Town::arn("ana");
    let fields = [&BOTH[..], &[("principal", arn.as_str())]].concat();
    let page = portal.post("ana", "/requests", &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        page.one("#namespace .error"),
        "These namespaces are not ruled by one policy: payments by \"payments may look\"; checkout by \"the rest\". Ask \
         for each group in a request of its own."
    );
    assert_eq!(page.all("#namespace .groups a"), ["Ask for payments", "Ask for checkout"]);
    assert_eq!(
        page.all("#namespace .groups .line"),
        ["2 approvals, 1 hour at most", "granted at once, 8 hours at most"]
    );
    assert_eq!(portal.town.requests().await, 0);
    assert_eq!(portal.town.accesses().await, 0);

    // The link fills the form in with what can be sent: for less time than was chosen, if the policy allows less.
    let strict = page.attribute("#namespace .groups li:first-child a", "href");
    let filled = portal.get("ana", &strict).await.expect(StatusCode::OK);
    assert!(filled.all("#namespace .groups").is_empty());
    assert_eq!(filled.attribute("#namespace input[checked]", "value"), "payments");
    assert_eq!(filled.attribute("#minutes input[checked]", "value"), "60");
    assert!(filled.one(".summary .sentence").contains("payments on prod-eu for 1 hour"), "{}", filled.text);
    // A live form gets only its own part, so that the reason that was typed stays.
    let live = Request::get(&strict).header(header::COOKIE, portal.cookie("ana").await).header("hx-request", "true");
    let part = portal.send(live.body(Body::empty()).unwrap()).await.expect(StatusCode::OK);
    assert!(part.text.trim_start().starts_with("<div id=\"ask-form\""), "{}", part.text);

    let alone = |namespace: &'static str, minutes: &'static str| {
        let mut fields = fields.clone();
        fields.retain(|(name, _)| !["namespace", "minutes"].contains(name));
        [fields, vec![("namespace", namespace), ("minutes", minutes)]].concat()
    };
    portal.post("ana", "/requests", &alone("payments", "60")).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(portal.town.text("select state from request").await, "pending");
    portal.post("ana", "/requests", &alone("checkout", "480")).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(portal.town.accesses().await, 1);
    // The form says so before it is sent, too.
    let before = portal.post("ana", "/requests/new", &fields).await.expect(StatusCode::OK);
    assert_eq!(before.all("#namespace .groups a").len(), 2);
    assert!(before.one(".summary .obstacles").contains("not ruled by one policy"), "{}", before.text);
}

#[tokio::test]
async fn what_was_asked_under_one_policy_is_not_decided_once_two_rule_it() {
    let portal = Portal::new().await;
    let mut form = view();
    form.namespaces.push("payments-batch".into());
    let id = portal.town.asks("ana", &form).await;
    portal.town.apply_policy(&strict_before_lax()).await;
    let vote = portal.town.vote("chi", id, Verdict::Approve).await;
    assert!(vote.is_err(), "{vote:?}");
    assert_eq!(portal.town.accesses().await, 0);
    let page = portal.get("ana", &format!("/requests/{id}")).await.expect(StatusCode::OK);
    assert!(page.text.contains("no policy allows it now"), "{}", page.text);
}
