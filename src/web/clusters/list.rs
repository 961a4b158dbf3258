//! The list of clusters, for everyone who is signed in.

use super::{Sight, mode_words};
use crate::{
    store::read::{
        PAGE,
        cluster::{self, ListedCluster},
    },
    web::{
        Failure, SignedIn, State,
        layout::{Layout, NavItem},
        look::Pill,
        requests::is_prod,
    },
    words::time::duration,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Query, State as Extract};
use jiff::SignedDuration;
use latchkey_domain::access::cluster::ClusterName;
#[cfg(test)]
use latchkey_domain::plan::observation::AuthenticationMode;
use serde::Deserialize;

/// The clusters of the policy.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "clusters/list.html")]
pub struct ClustersPage {
    pub layout: Layout,
    pub rows: Vec<ClusterListRow>,
    pub more: Option<String>,
    /// Whether the accesses of all people are counted, too.
    pub sees_all: bool,
}

/// A cluster.
#[derive(Debug, Clone)]
pub struct ClusterListRow {
    pub address: String,
    pub ask: Option<String>,
    pub name: String,
    pub prod: bool,
    pub place: String,
    pub pill: Pill,
    pub read: String,
    pub mode: Option<&'static str>,
    pub mine: i64,
    pub live: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    after: String,
}

/// `GET /clusters?after=`: fifty at a time, by name.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<ClustersPage, Failure> {
    let after: Option<ClusterName> = query.after.parse().ok();
    let after = after.as_ref().map(ClusterName::as_str);
    let rows = cluster::list(&state.store, signed_in.visitor.person.id, after, PAGE + 1).await?;
    Ok(ClustersPage::new(&signed_in, rows))
}

impl ClustersPage {
    fn new(signed_in: &SignedIn, mut rows: Vec<ListedCluster>) -> Self {
        let goes_on = rows.len() > PAGE;
        rows.truncate(PAGE);
        let more = rows.last().filter(|_| goes_on).map(|last| format!("/clusters?after={}", last.name));
        Self {
            layout: signed_in.layout(NavItem::Clusters, "Clusters"),
            rows: rows.iter().map(|row| ClusterListRow::of(row, signed_in)).collect(),
            more,
            sees_all: signed_in.visitor.roles.sees_all(),
        }
    }
}

impl ClusterListRow {
    fn of(row: &ListedCluster, signed_in: &SignedIn) -> Self {
        let age = row.age_seconds.map(|age| u64::try_from(age).unwrap_or(0));
        let arn: Vec<&str> = row.arn.split(':').collect();
        let place = match arn[..] {
            [_, _, _, region, account, ..] => format!("{region}, account {account}"),
            _ => String::new(),
        };
        Self {
            address: format!("/clusters/{}", row.id),
            ask: signed_in.may_ask_on(&row.name).then(|| format!("/requests/new?cluster={}", row.name)),
            name: row.name.clone(),
            prod: is_prod(&signed_in.policy.file, &row.name),
            place,
            pill: Sight::of(age, row.was_read, row.trouble).pill(row.paused),
            read: row
                .age_seconds
                .map_or_else(|| "never".to_owned(), |age| format!("{} ago", duration(SignedDuration::from_secs(age)))),
            mode: row.mode.map(mode_words),
            mine: row.mine,
            live: row.live,
        }
    }
}

#[cfg(test)]
impl ClustersPage {
    /// A cluster of each kind.
    pub fn sample(signed_in: &SignedIn) -> Self {
        let row = |number: u128, name: &str, age: Option<i64>, trouble: bool| ListedCluster {
            id: latchkey_domain::access::ClusterId(uuid::Uuid::from_u128(number)),
            name: name.to_owned(),
            arn: latchkey_testkit::cluster_arn(name),
            mode: age.map(|_| AuthenticationMode::ConfigMap),
            version: age.map(|_| "1.35".to_owned()),
            status: age.map(|_| "ACTIVE".to_owned()),
            age_seconds: age,
            trouble,
            was_read: age.is_some(),
            paused: name == "staging-eu",
            mine: i64::from(name == "prod-eu"),
            live: 4,
        };
        let rows = vec![
            row(1, "batch-us", Some(900), true),
            row(2, "prod-eu", Some(12), false),
            row(3, "sandbox", None, false),
            row(4, "staging-eu", Some(31), false),
        ];
        Self::new(signed_in, rows)
    }
}
