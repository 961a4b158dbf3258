//! People with things to hide from each other, and how to tell which of these a page shows.

use super::table::Row;
use crate::{
    town::{POLICY, Town, view},
    web::{Answer, Portal},
};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use latchkey::actions::requests::VoteOutcome;
use latchkey::web::AskForm;
use latchkey::words;
use latchkey_domain::access::{
    GrantId, RequestId,
    alarm::{Alarm, AlarmFacts},
    decide_again::NotAllowed,
    request::Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

/// A browser that is not signed in, the requester, another requester, an approver, an operator, an auditor.
pub const PEOPLE: [&str; 6] = ["nobody", "ana", "gus", "chi", "dee", "eli"];

/// ana and gus each have one pending request and one access. The leads of payments may decide on both pending requests;
/// chi decided on what ana holds, dot on what gus holds.
pub struct World {
    pub portal: Portal,
    cookies: BTreeMap<&'static str, String>,
    /// The values behind the names that addresses have in braces.
    names: BTreeMap<&'static str, String>,
    /// What a page may show only if the table names it: a mark's name, and the texts that give it away.
    marks: Vec<(&'static str, Vec<String>)>,
}

impl World {
    pub async fn new() -> Self {
        let portal = Portal::new().await;
        let town = &portal.town;
        let mut names = BTreeMap::new();
        for (who, by, [asked, held]) in
            [("ana", "chi", ["ana.asked", "ana.held"]), ("gus", "dot", ["gus.asked", "gus.held"])]
        {
            let held_for = AskForm { minutes: "45".into(), reason: format!("Held by {who}, why?"), ..view() };
            let request = town.asks(who, &held_for).await;
            let grant = decided(town, by, request).await;
            let asked_for = AskForm {
                namespaces: vec!["payments-batch".into()],
                reason: format!("Asked by {who}, why?"),
                ..view()
            };
            let waiting = town.asks(who, &asked_for).await;
            names.insert(asked, waiting.to_string());
            names.insert(held, grant.to_string());
            names.insert(if who == "ana" { "ana.done" } else { "gus.done" }, request.to_string());
        }
        names.insert("cluster", town.cluster("prod-eu").await.to_string());
        let mut cookies = BTreeMap::new();
        for who in PEOPLE.into_iter().filter(|who| *who != "nobody") {
            cookies.insert(who, portal.cookie(who).await);
        }
        let mut tx = town.worker.begin().await.unwrap();
        let now = tx.now().await.unwrap();
        let refusal = NotAllowed::TooFew { policy: "two look".to_owned(), quorum: 2, may: 1 };
        let alarm = Alarm::new(AlarmFacts::NotAllowed { handle: "ana".to_owned(), refusal }, "a test");
        assert!(tx.raise(&alarm, words::alarm::sentence, now).await.unwrap());
        tx.commit().await.unwrap();
        let stylesheet = portal.get("ana", "/").await.attribute("link[rel=stylesheet]", "href");
        names.insert("file", stylesheet);
        for (name, query) in [
            ("alarm", "select id::text from alarm"),
            (
                "ana.principal",
                "select i.id::text from principal i join person p on p.id = i.person_id where p.handle = 'ana'",
            ),
            (
                "ana.session",
                "select s.id::text from session s join person p on p.id = s.person_id
               where p.handle = 'ana' order by s.id limit 1",
            ),
            (
                "ana.event",
                "select e.id::text from event e join request r on r.id = e.request_id
               join person p on p.id = r.person_id where p.handle = 'ana' and r.state = 'pending' limit 1",
            ),
        ] {
            let id: String = sqlx::query_scalar(query).fetch_one(town.owner.pool()).await.unwrap();
            names.insert(name, id);
        }
        let marks = marks(town, &names).await;
        Self { portal, cookies, names, marks }
    }

    /// An address with the names in braces replaced.
    pub fn fill(&self, at: &str) -> String {
        self.names.iter().fold(at.to_owned(), |at, (name, id)| at.replace(&format!("{{{name}}}"), id))
    }

    /// The names of the marks that a text gives away.
    pub fn marks_in(&self, text: &str) -> BTreeSet<&str> {
        let shown = |texts: &[String]| texts.iter().any(|mark| text.contains(mark));
        self.marks.iter().filter(|(_, texts)| shown(texts)).map(|(name, _)| *name).collect()
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, Method::GET, path).await
    }

    /// A request without a body, sent from a page of the portal.
    pub async fn ask(&self, who: &str, method: Method, path: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
        self.send(who, request, Body::empty()).await
    }

    /// A row's form, sent from a page of the portal.
    pub async fn post(&self, who: &str, row: &Row) -> Answer {
        self.post_from(who, row, "sec-fetch-site", "same-origin").await
    }

    /// A row's form with a header that says from where it is sent.
    pub async fn post_from(&self, who: &str, row: &Row, name: &str, value: &str) -> Answer {
        let seen = if row.at.contains("ana.asked") {
            self.portal.town.seen(self.names["ana.asked"].parse().unwrap()).await.to_string()
        } else {
            String::new()
        };
        let fields = row.fields.iter().map(|(name, value)| (*name, value.replace("{seen}", &seen)));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(self.fill(row.at))
            .header(header::HOST, "latchkey.example")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(who, request, Body::from(body)).await
    }

    async fn send(&self, who: &str, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = match self.cookies.get(who) {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        };
        self.portal.send(request.body(body).unwrap()).await
    }

    /// A text that changes with every effect of a form.
    pub async fn fingerprint(&self) -> String {
        let query = "select concat_ws(' ', (select count(*) from event), (select count(*) from request),
               (select count(*) from vote), (select count(*) from principal), (select count(*) from person),
               (select count(*) from session where ended_at is null),
               (select count(*) from person where theme <> 'auto'),
               (select sum(generation) from target), (select string_agg(state, ',' order by id) from access_grant),
               (select string_agg(state, ',' order by id) from request))";
        sqlx::query_scalar(query).fetch_one(self.portal.town.owner.pool()).await.unwrap()
    }
}

async fn decided(town: &Town, by: &str, request: RequestId) -> GrantId {
    match town.vote(by, request, Verdict::Approve).await.unwrap() {
        VoteOutcome::Approved(grant) => grant,
        other => panic!("not approved: {other:?}"),
    }
}

async fn marks(town: &Town, names: &BTreeMap<&'static str, String>) -> Vec<(&'static str, Vec<String>)> {
    let mut marks: Vec<(&'static str, Vec<String>)> = Vec::new();
    for name in ["ana.asked", "ana.held", "ana.done", "gus.asked", "gus.held", "gus.done"] {
        marks.push((name, vec![names[name].clone()]));
    }
    for (name, text) in [
        ("ana.asked.why", "Asked by ana, why?"),
        ("ana.held.why", "Held by ana, why?"),
        ("gus.asked.why", "Asked by gus, why?"),
        ("gus.held.why", "Held by gus, why?"),
        // The worker's own entry in each cluster's aws-auth: diffs and the cluster's page show it.
        ("aws-auth", "user/latchkey-worker"),
        ("e-mail", "@example.com"),
    ] {
        marks.push((name, vec![text.to_owned()]));
    }
    marks.push(("ana.arn", vec![Town::arn("ana")]));
    marks.push(("gus.arn", vec![Town::arn("gus")]));
    let tokens: Vec<String> =
        sqlx::query_scalar("select encode(token_hash, 'hex') from session").fetch_all(town.owner.pool()).await.unwrap();
    marks.push(("tokens", tokens));
    for (who, name) in [
        ("ana", "ana.session"),
        ("gus", "gus.session"),
        ("chi", "chi.session"),
        ("dee", "dee.session"),
        ("eli", "eli.session"),
    ] {
        let own: Vec<String> = sqlx::query_scalar("select id::text from session where person_id = $1")
            .bind(town.person(who).id.0)
            .fetch_all(town.owner.pool())
            .await
            .unwrap();
        marks.push((name, own));
    }
    marks.push(("policy", vec![latchkey::config::policy::hash(POLICY)[..12].to_owned()]));
    marks
}
