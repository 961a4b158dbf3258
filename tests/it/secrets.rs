//! The whole story with secrets that can be recognised, and then a search for them through everything that was written.

use crate::{
    stage::{CLIENT_SECRET, DATABASE_PASSWORD, Stage, browser::Browser, browser::Page},
    story::people::{LOOK, approve, ask, give_back, until},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey::{
    cli::log::OneLine,
    login::secret::derived,
    store::sessions::{NewSession, token_hash},
};
use latchkey_domain::eks::token::{PresignedIdentity, ProofContext};
use latchkey_simulator::openid::quirks::Quirk;
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;

/// Everything that Latchkey's crates logged at TRACE, and other crates at INFO.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn dispatch(&self) -> Dispatch {
        let (filter, log) =
            (EnvFilter::new("info,latchkey=trace,latchkey_domain=trace,latchkey_simulator=off"), self.clone());
        let json = tracing_subscriber::fmt().json().with_env_filter(filter);
        Dispatch::new(json.with_writer(OneLine(move || log.clone())).finish())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Secrets by name, and the texts that were written, by place.
#[derive(Default)]
struct Search {
    secrets: BTreeMap<String, String>,
    places: Vec<(String, String)>,
}

impl Search {
    fn secret(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        assert!(value.len() >= 16, "{name} is too short to be looked for: {value}");
        self.secrets.insert(name, value);
    }

    fn place(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.places.push((name.into(), text.into()));
    }

    /// A page with its headers, without those that give the browser its own secrets.
    fn page(&mut self, who: &str, page: &Page) {
        let own = ["set-cookie", "location"];
        let headers: Vec<String> = page
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        self.place(format!("{} for {who}", page.url.path()), format!("{}\n{}", headers.join("\n"), page.body));
    }

    /// The places of each secret, as it is or in an encoding that can be reversed.
    fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (place, text) in &self.places {
            for (name, value) in &self.secrets {
                let percent = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
                let forms = [value.clone(), percent.to_string(), STANDARD.encode(value), hex::encode(value)];
                if forms.iter().any(|form| text.contains(form.as_str())) {
                    found.push(format!("{name} in {place}"));
                }
            }
            // Tokens that the worker made for clusters are recognised by their form.
            let is_token = |rest: &str| rest.bytes().take(24).filter(u8::is_ascii_alphanumeric).count() > 20;
            if text.split("k8s-aws-v1.").skip(1).any(is_token) || text.contains("X-Amz-Signature=") {
                found.push(format!("a token for a cluster in {place}"));
            }
        }
        found
    }
}

/// Every row of every table, as text; bytes also as the text that they hold.
async fn tables(stage: &Stage, search: &mut Search) {
    let names: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' order by 1",
    )
    .fetch_all(stage.owner.pool())
    .await
    .unwrap();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let rows = format!("select coalesce(string_agg(t::text, E'\\n'), '') from \"{name}\" t");
        search.place(format!("table {name}"), stage.value(&rows).await.unwrap());
    }
    let events = "select coalesce(string_agg(convert_from(canonical, 'UTF8'), E'\\n'), '') from event";
    search.place("the events' canonical bytes", stage.value(events).await.unwrap());
}

/// Signs in, and keeps the secrets that only this browser may know.
async fn sign_in(stage: &Stage, search: &mut Search, handle: &str) -> Browser {
    let browser = stage.browser();
    let (there, back) = browser.there_and_back("/", handle).await;
    let attempt = browser.cookie("latchkey-sign-in").unwrap();
    for (name, value) in there.query_pairs().chain(back.query_pairs()) {
        if ["state", "nonce", "code"].contains(&&*name) {
            search.secret(format!("{handle}'s {name}"), value);
        }
    }
    search.secret(format!("{handle}'s PKCE verifier"), derived("sign-in verifier", &attempt));
    search.secret(format!("{handle}'s attempt cookie"), attempt);
    let page = browser.ask(&back[url::Position::BeforePath..]).await;
    search.page(handle, &page);
    // A second use of the address says that it was used, and nothing of what it held.
    search.page(handle, &browser.ask(&back[url::Position::BeforePath..]).await);
    search.secret(format!("{handle}'s session cookie"), browser.cookie("latchkey").unwrap());
    browser
}

async fn story(log: Log) {
    let Some(stage) = Stage::simulated().await else { return };
    let mut search = Search::default();
    search.secret("the client's secret", CLIENT_SECRET);
    search.secret("the database's password", DATABASE_PASSWORD);
    let mut people = BTreeMap::new();
    for handle in ["ana", "ben", "dee", "eli"] {
        people.insert(handle, sign_in(&stage, &mut search, handle).await);
    }
    let (ana, ben) = (&people["ana"], &people["ben"]);

    // A proof that is refused, and one that is accepted.
    let user = stage.user("ana");
    search.secret("ana's secret access key", &user.secret_access_key);
    search.secret("ana's access key id", &user.access_key_id);
    let page = ana.open("/identities/new").await;
    search.page("ana", &page);
    let text = page.text();
    let name = text.split_whitespace().find(|word| word.starts_with("latchkey-")).unwrap();
    for (which, cluster) in [("a refused proof", "latchkey-another"), ("ana's proof", name)] {
        let token = crate::stage::kubectl::get_token(user, cluster, false).await.trim().to_owned();
        let expected = ProofContext { cluster_id: cluster.to_owned(), now: jiff::Timestamp::now(), partitions: vec![] };
        let read = PresignedIdentity::parse(&token, &expected).unwrap();
        search.secret(format!("the signature of {which}"), read.url().split("X-Amz-Signature=").nth(1).unwrap());
        search.place("Debug of a proof", format!("{read:?}"));
        search.secret(which, &token);
        search.page("ana", &ana.post("/identities", &[("token", &token)]).await);
    }
    stage.work().await;

    let request = ask(&stage, ana, "ana", LOOK).await;
    let waiting = request.clone();
    let browse = async |search: &mut Search, paths: &[&str]| {
        for (who, browser) in &people {
            for path in paths {
                search.page(who, &browser.ask(path).await);
            }
        }
    };
    browse(&mut search, &[&waiting, "/inbox", "/", "/requests/new"]).await;
    let grant = approve(&stage, ben, &request).await;
    until(&stage, &grant, "active").await;
    let (access, file) = (format!("/grants/{grant}"), format!("/grants/{grant}/kubeconfig"));
    let cluster = stage.value("select '/clusters/' || id from cluster where name = 'prod-eu'").await.unwrap();
    let all = [
        "/",
        "/identities",
        "/identities/new",
        "/requests/new",
        "/inbox",
        "/clusters",
        "/status",
        "/audit",
        "/sign-in",
        "/nowhere",
        "/sign-in/callback?code=x&state=y",
        &request,
        &access,
        &file,
        &cluster,
    ];
    browse(&mut search, &all).await;
    let kubeconfig = ana.ask(&file).await;
    stage.kubectl_with("ana", &kubeconfig.body).run("get pods -n payments").await.worked();
    give_back(ana, &grant).await;
    until(&stage, &grant, "ended").await;
    browse(&mut search, &all).await;

    // Failures, which people are told of, and which are logged with their causes.
    fail_to_sign_in(&stage, &mut search).await;
    stage.database.take_away().await;
    for path in ["/", "/readyz", "/sign-in/start"] {
        search.page("ana, without the database", &ana.ask(path).await);
    }
    let _ = latchkey::worker::run_once(&stage.worker)
        .await
        .map_err(|error| search.place("an error of the worker", format!("{error:?} {error}")));
    stage.database.bring_back().await;
    stage.wait_until("the portal is ready", async || ana.ask("/readyz").await.status == 200).await;

    let token = people["ana"].cookie("latchkey").unwrap();
    look_inside(&stage, &mut search, &token).await;
    look_through(&mut search, log.text());

    let found = search.found();
    assert!(found.is_empty(), "{}", found.join("\n"));
    // The search does find what it looks for.
    search.place("a place that tells", format!("cookie: {token}"));
    search.place("another", format!("Basic {}", STANDARD.encode(CLIENT_SECRET)));
    assert_eq!(search.found(), ["ana's session cookie in a place that tells", "the client's secret in another"]);
    println!("secrets: {} marked, {} places searched", search.secrets.len(), search.places.len() - 2);
}

/// Comes back from a provider that is wrong in one respect, each time in another browser.
async fn fail_to_sign_in(stage: &Stage, search: &mut Search) {
    let wrong = [
        vec![Quirk::IdToken("nonce", json!("a-nonce-of-somebody-else"))],
        vec![Quirk::IdToken("azp", json!("somebody else"))],
        vec![Quirk::Thin, Quirk::Userinfo("sub", json!("somebody else"))],
        vec![Quirk::Thin, Quirk::UserinfoStatus(403)],
        vec![Quirk::TokenAnswer("id_token", json!(null))],
        vec![Quirk::SecretInForm],
    ];
    for (number, quirks) in wrong.into_iter().enumerate() {
        stage.simulator().openid().set_quirks(quirks);
        let browser = stage.browser();
        let (there, back) = browser.there_and_back("/", "ana").await;
        for (name, value) in there.query_pairs().chain(back.query_pairs()) {
            if ["state", "nonce", "code"].contains(&&*name) {
                search.secret(format!("{name} of failure {number}"), value);
            }
        }
        let page = browser.ask(&back[url::Position::BeforePath..]).await;
        assert_eq!(page.status, 403, "{}", page.text());
        search.page("nobody", &page);
    }
    stage.simulator().openid().set_quirks(vec![]);
}

/// The values in memory, as Debug shows them, and the database.
async fn look_inside(stage: &Stage, search: &mut Search, token: &str) {
    for (number, given) in stage.simulator().openid().tokens().into_iter().enumerate() {
        search.secret(format!("token {number} of the provider"), given);
    }
    let worker = stage.simulator().worker_keys().unwrap();
    search.secret("the worker's secret access key", worker.secret_access_key);
    search.secret("the worker's access key id", worker.access_key_id);

    let hash = hex::encode(token_hash(token));
    let stored = stage.value("select string_agg(encode(token_hash, 'hex'), ' ') from session").await.unwrap();
    assert!(stored.contains(&hash), "sessions are stored by hash");
    let auth_time = jiff::Timestamp::now();
    let person = latchkey_domain::access::PersonId(uuid::Uuid::now_v7());
    let new = NewSession { token, person, auth_time, acr: None, amr: &[], user_agent: None };
    search.place("Debug of a session", format!("{new:?}"));
    search.place("Debug of the portal's state and settings", stage.held());
    search.place("Debug of the worker", format!("{:?}", stage.worker));
    tables(stage, search).await;
}

/// The log: it has what happened, one event a line.
fn look_through(search: &mut Search, text: String) {
    for told in [
        "answered",
        "a sign-in failed",
        "the claim `azp` is",
        "security: userinfo speaks of another person",
        "client_secret_basic",
        "an identity was not proven",
        "the database is away",
    ] {
        assert!(text.contains(told), "the log does not tell {told}");
    }
    assert!(
        text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "a line of the log is no JSON"
    );
    search.place("the log", text);
}

#[test]
fn no_secret_is_written_anywhere() {
    let log = Log::default();
    let dispatch = log.dispatch();
    // If there is only one dispatcher, a thread of another test, which has none, can switch an event off for all
    // threads.
    let _another = Dispatch::new(tracing::subscriber::NoSubscriber::new());
    // Each thread of the story logs here, and no thread of another test does.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start({
            let dispatch = dispatch.clone();
            move || std::mem::forget(tracing::dispatcher::set_default(&dispatch))
        })
        .build()
        .unwrap();
    let _here = tracing::dispatcher::set_default(&dispatch);
    runtime.block_on(story(log));
}
