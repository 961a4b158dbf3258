//! A small town to test decisions in: a database of its own with people, proven identities, a policy and observed
//! clusters, and nothing outside. Only the test moves business time.

mod asks;
mod told;

pub use asks::{Asking, edit, nodes, view};

use crate::rig::postgres::{Database, Postgres};
use jiff::{SignedDuration, Timestamp};
use latchkey::web::AskForm;
use latchkey::{
    actions::{own, policy, requests, visitor::Visitor},
    config,
    database_url::DatabaseUrl,
    store::{
        Store, audit,
        people::{self, Arrival},
        read::request,
        sessions::{self, NewSession},
    },
};
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{
        EventDraft, GrantId, RequestId,
        person::Person,
        request::{RequestState, Seen, Verdict},
        transition::Actor,
    },
    eks::rbac::{Kinds, Rule},
    plan::observation::{ClusterObservation, IamEntity, PrincipalObservation},
};
pub use latchkey_testkit::POLICY;
use latchkey_testkit::{LATCHKEY_TOML, cluster_arn, iam_arn, user_arn};
use std::{borrow::Borrow, collections::BTreeMap, path::Path};
use uuid::Uuid;

/// Handle and groups of every person in town.
const PEOPLE: [(&str, &[&str]); 8] = [
    ("ana", &["developers"]),
    ("ben", &["developers", "payments-leads"]),
    ("chi", &["payments-leads"]),
    ("dot", &["payments-leads"]),
    ("dee", &["platform"]),
    ("eli", &["audit"]),
    ("fay", &["developers"]),
    ("gus", &["developers"]),
];

/// Moves business time forward in the database of this owner.
pub async fn advance(owner: &Store, minutes: i32) {
    sqlx::query("update business_clock set ahead = ahead + make_interval(mins => $1)")
        .bind(minutes)
        .execute(owner.pool())
        .await
        .unwrap();
}

/// A person who signed in just now. The session has no roles: an action asks the policy what the person may do.
pub fn visitor(person: Person) -> Visitor {
    Visitor::new(person, Timestamp::now())
}

/// The town.
pub struct Town {
    pub database: Database,
    /// As the web's role.
    pub web: Store,
    /// As the worker's role.
    pub worker: Store,
    /// As the schema's owner.
    pub owner: Store,
    people: BTreeMap<&'static str, Visitor>,
}

impl Town {
    /// A town in which ana, ben, dee and gus have proven an IAM user each; fay has not.
    pub async fn new() -> Self {
        Self::on(Postgres::shared().await).await
    }

    /// The same on another server than the one that tests share.
    pub async fn on(server: &'static Postgres) -> Self {
        Self::over(server.fresh_database().await, "public").await
    }

    /// The same in a schema of its own of an empty database.
    pub async fn in_schema(database: Database, schema: &str) -> Self {
        let url: DatabaseUrl = database.url().parse().unwrap();
        latchkey::store::migrate(&url.in_schema(schema).unwrap()).await.unwrap();
        Self::over(database, schema).await
    }

    async fn over(database: Database, schema: &str) -> Self {
        let url = |url: String| url.parse::<DatabaseUrl>().unwrap().in_schema(schema).unwrap();
        let store = |role: &str| Store::connect(&url(database.url_as(role)), 10);
        let (web, worker) = (store("latchkey_web"), store("latchkey_worker"));
        let owner = Store::connect(&url(database.url()), 5);
        let mut town = Self { web, worker, owner, people: BTreeMap::new(), database };
        town.apply_policy(POLICY).await;
        for name in ["prod-eu", "staging-eu"] {
            town.add_cluster(name).await;
        }
        for (handle, groups) in PEOPLE {
            let person = town.sign_in(handle, groups).await;
            town.people.insert(handle, visitor(person));
        }
        for handle in ["ana", "ben", "dee", "gus"] {
            town.prove(handle).await;
        }
        town
    }

    /// Makes a text the current policy, as `latchkey policy apply` would.
    pub async fn apply_policy(&self, text: &str) {
        config::policy::parse(text).expect("the test's policy is valid");
        let hash = hex::decode(config::policy::hash(text)).unwrap();
        let mut tx = self.owner.pool().begin().await.unwrap();
        sqlx::query("update policy_version set current = false where current").execute(&mut *tx).await.unwrap();
        sqlx::query(
            "insert into policy_version (hash, body, applied_at, applied_by, current)
             values ($1, $2, clock_timestamp(), 'a test', true)
             on conflict (hash) do update set current = true",
        )
        .bind(hash)
        .bind(text)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn add_cluster(&self, name: &str) {
        let id = Uuid::now_v7();
        sqlx::query("insert into cluster (id, name, arn) values ($1, $2, $3)")
            .bind(id)
            .bind(name)
            .bind(cluster_arn(name))
            .execute(self.owner.pool())
            .await
            .unwrap();
        self.observe("cluster", id, &observation(name)).await;
    }

    /// Replaces the last observation of a target.
    pub async fn observe(&self, kind: &str, key: Uuid, body: &impl serde::Serialize) {
        sqlx::query(
            "insert into observation (target_kind, target_key, observed_at, body, hash)
             values ($1, $2, clock_timestamp(), $3, '') on conflict (target_kind, target_key)
             do update set observed_at = excluded.observed_at, body = excluded.body",
        )
        .bind(kind)
        .bind(key)
        .bind(serde_json::to_value(body).unwrap())
        .execute(self.owner.pool())
        .await
        .unwrap();
    }

    /// The id of a cluster.
    pub async fn cluster(&self, name: &str) -> Uuid {
        sqlx::query_scalar("select id from cluster where name = $1")
            .bind(name)
            .fetch_one(self.owner.pool())
            .await
            .unwrap()
    }

    /// Signs a person in with these groups, as the identity provider would say.
    pub async fn sign_in(&self, handle: &str, groups: &[&str]) -> Person {
        people::arrive(&self.web, &Self::arrival(handle, groups)).await.unwrap().0
    }

    /// What the identity provider says of a person who signs in.
    pub fn arrival(handle: &str, groups: &[&str]) -> Arrival {
        Arrival {
            issuer: "https://issuer.example".into(),
            subject: format!("subject-{handle}"),
            handle: handle.parse().unwrap(),
            name: format!("{}{}", handle[..1].to_uppercase(), &handle[1..]),
            email: Some(format!("{handle}@example.com")),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            at: Timestamp::now(),
        }
    }

    async fn prove(&self, handle: &str) {
        self.own(self.person(handle), handle).await;
    }

    /// Makes the IAM user of this name the person's.
    pub async fn own(&self, person: &Person, handle: &str) {
        let (arn, unique_id) = (Self::arn(handle), format!("AIDA{}", handle.to_uppercase()));
        let id = own::seeded(&self.web, person, &arn, &unique_id).await.unwrap();
        let user = IamEntity { arn, unique_id, name: handle.into(), path: "/latchkey/".into(), ..IamEntity::default() };
        self.observe("principal", id.0, &PrincipalObservation::of(Some(user))).await;
    }

    /// The ARN of a person's IAM user.
    pub fn arn(handle: &str) -> String {
        user_arn(handle)
    }

    /// A person of the town.
    pub fn person(&self, handle: &str) -> &Person {
        &self.visitor(handle).person
    }

    /// A person of the town, signed in.
    pub fn visitor(&self, handle: &str) -> &Visitor {
        &self.people[handle]
    }

    /// A session of this person: the token in the cookie.
    pub async fn session(&self, handle: &str) -> String {
        let token = latchkey::login::secret::token();
        let new = NewSession {
            token: &token,
            person: self.person(handle).id,
            auth_time: Timestamp::now(),
            acr: None,
            amr: &[],
            user_agent: Some("a test"),
        };
        sessions::begin(&self.web, &new).await.unwrap();
        token
    }

    /// Moves business time forward.
    pub async fn advance(&self, minutes: i32) {
        advance(&self.owner, minutes).await;
    }

    /// What a form that shows this request carries.
    pub async fn seen(&self, id: RequestId) -> Seen {
        let seen: Vec<u8> = sqlx::query_scalar("select seen from request where id = $1")
            .bind(id.0)
            .fetch_one(self.owner.pool())
            .await
            .unwrap();
        Seen(seen.try_into().unwrap())
    }

    /// What the deciding form of a request shows now; `None` if the request cannot be decided.
    pub async fn seen_now(&self, id: RequestId) -> Option<Seen> {
        let current = policy::current(&self.web).await.unwrap();
        let known = people::approvers(&self.web, &current.file).await.unwrap();
        let detail = request::by_id(&self.web, id).await.unwrap()?;
        if detail.state != RequestState::Pending {
            return None;
        }
        let ruled = requests::ruled_now(&self.web, &current, &detail.facts, &known).await.unwrap();
        ruled.ok().map(|ruled| ruled.seen)
    }

    /// Sends a request.
    pub async fn asks(&self, handle: &str, form: impl Borrow<AskForm>) -> RequestId {
        latchkey::actions::requests::submit(&self.web, self.visitor(handle), &form.borrow().wanted()).await.unwrap()
    }

    /// A vote by a person who sees what is current.
    pub async fn vote(
        &self,
        handle: &str,
        id: RequestId,
        verdict: Verdict,
    ) -> Result<latchkey::actions::requests::VoteOutcome, latchkey::actions::requests::NotDecided> {
        let reason = (verdict == Verdict::Deny).then(|| "not this time".to_owned());
        let form = latchkey::actions::requests::VoteForm {
            verdict,
            reason,
            seen: self.seen(id).await,
            uses_role: Some(false),
        };
        latchkey::actions::requests::vote(&self.web, self.visitor(handle), id, form).await
    }

    /// A scheduled grant of ana's, approved by ben.
    pub async fn grant(&self) -> GrantId {
        self.grant_of("ana", &view()).await
    }

    /// A scheduled grant of what this person asks for, approved by ben.
    pub async fn grant_of(&self, who: &str, form: &AskForm) -> GrantId {
        let id = self.asks(who, form).await;
        match self.vote("ben", id, Verdict::Approve).await.unwrap() {
            latchkey::actions::requests::VoteOutcome::Approved(grant) => grant,
            other => panic!("not approved: {other:?}"),
        }
    }

    /// Events of these bytes, which only the owner of the schema can still write.
    pub async fn write_unreadable(&self, bytes: &[&[u8]]) {
        for bytes in bytes {
            sqlx::query(
                "insert into event (id, at, action, actor, canonical)
                 values ($1, latchkey_now(), 'test.unreadable', 'somebody', $2)",
            )
            .bind(Uuid::now_v7())
            .bind(*bytes)
            .execute(self.owner.pool())
            .await
            .unwrap();
        }
    }

    /// This many more links in the audit chain.
    pub async fn seal_many(&self, links: usize) {
        let mut tx = self.worker.begin().await.unwrap();
        let now = tx.now().await.unwrap();
        for _ in 0..links {
            tx.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
        }
        tx.commit().await.unwrap();
        while audit::seal(self.worker.pool()).await.unwrap() > 0 {}
    }

    /// The worker's whole walk over the audit chain, whatever the walk finds.
    pub async fn walk_the_chain(&self) {
        while let audit::walk::WalkStep::Went = audit::walk::step(&self.worker, SignedDuration::ZERO).await.unwrap() {}
    }

    /// A count, for assertions.
    pub async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(self.owner.pool()).await.unwrap()
    }

    /// The one text that a query finds.
    pub async fn text(&self, query: &str) -> String {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(self.owner.pool()).await.unwrap()
    }
}

/// A healthy cluster as the worker last saw it.
pub fn observation(name: &str) -> ClusterObservation {
    let read = &["get", "list", "watch"];
    let view = vec![
        Rule::of(read, &[""], &["pods", "pods/log", "services", "configmaps"]),
        Rule::of(read, &["apps"], &["deployments"]),
    ];
    let edit = vec![
        Rule::of(read, &[""], &["pods", "pods/log", "secrets"]),
        Rule::of(&["create", "delete", "patch"], &[""], &["pods"]),
    ];
    let users = format!("- userarn: {}\n  username: latchkey-worker\n", iam_arn("user/latchkey-worker"));
    let mut observed = latchkey_testkit::observation(name)
        .with_namespaces(["default", "kube-system", "payments", "payments-batch", "checkout"])
        .with_role("view", view)
        .with_role("edit", edit)
        .with_aws_auth("mapUsers", &users)
        .created(Timestamp::UNIX_EPOCH)
        .seen(Timestamp::now());
    observed.state_mut().kinds = Kinds::of_kubernetes().clone().all_groups();
    observed
}

/// The settings of a portal whose identity provider is not there, under this address.
pub fn settings(public_url: &str) -> config::Settings {
    let text = LATCHKEY_TOML.replace("https://latchkey.example", public_url);
    let checked = config::settings::check("latchkey.toml", &text, Path::new("/nowhere"), []);
    checked.settings.unwrap_or_else(|| panic!("{:?}", checked.faults))
}
