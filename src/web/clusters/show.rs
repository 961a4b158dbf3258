//! One cluster: a summary for everyone; who has access, and aws-auth with findings, for operators and auditors.

use super::{Sight, inside::Inside, mode_words};
use crate::{
    actions::{
        sight::{self, SeenCluster},
        ways_in::WaysIn,
    },
    store::read::{
        PAGE,
        cluster::{ClusterDetail, LiveAccess},
        hold::{self, Hold, OnHold},
    },
    web::{
        Failure, SignedIn, State,
        html::Html,
        layout::{Layout, NavItem},
        look::{Pill, Tone},
        path::Id,
        requests::is_prod,
        timeline,
    },
    words::{
        self,
        access::{Access, SentenceSubject, doing},
        blocker,
        hold::Reader,
        time::duration,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Query, State as Extract};
use jiff::SignedDuration;
use latchkey_domain::access::{ClusterId, GrantId};
use serde::Deserialize;

/// See the module.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "clusters/show.html")]
pub struct ClusterPage {
    pub layout: Layout,
    pub name: String,
    pub arn: String,
    pub prod: bool,
    pub pill: Pill,
    pub ask: Option<String>,
    /// What is wrong with the cluster, and what to do.
    pub notice: Option<Notice>,
    pub facts: Vec<(&'static str, Html)>,
    pub accesses: Vec<AccessRow>,
    pub more: Option<String>,
    /// Set for operators and auditors.
    pub inside: Option<Inside>,
    pub sees_all: bool,
}

/// A notice at the top of the page.
#[derive(Debug, Clone)]
pub struct Notice {
    pub tone: Tone,
    pub text: Html,
}

/// An access that Latchkey granted.
#[derive(Debug, Clone)]
pub struct AccessRow {
    pub address: String,
    pub sentence: Html,
    pub username: Option<String>,
    pub pill: Pill,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    /// The last access of the page before.
    after: String,
    /// How many rows of the table of who can get in come before this page's.
    from: String,
}

/// `GET /clusters/{id}`.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<ClusterId>,
    Query(query): Query<ShowQuery>,
) -> Result<ClusterPage, Failure> {
    let after = query.after.parse::<GrantId>().ok();
    let seen = sight::cluster(&state.store, &signed_in.visitor, id, (after, query.from.parse().unwrap_or(0))).await?;
    let SeenCluster { detail, live, ways } = seen.ok_or(Failure::NotFound)?;
    let held = hold::of(&state.store, id).await?;
    Ok(ClusterPage::new(&signed_in, &detail, held.as_ref(), live, ways.as_ref()))
}

impl ClusterPage {
    /// `ways` is who can get in, for people who see that.
    pub(super) fn new(
        signed_in: &SignedIn,
        detail: &ClusterDetail,
        held: Option<&OnHold>,
        mut live: Vec<LiveAccess>,
        ways: Option<&WaysIn>,
    ) -> Self {
        let goes_on = live.len() > PAGE;
        live.truncate(PAGE);
        let next = live.last().filter(|_| goes_on).map(|last| format!("/clusters/{}?after={}", detail.id, last.id));
        let observed = detail.observed.as_ref();
        let kubernetes = observed.and_then(|observed| observed.body.kubernetes.as_ref());
        let trouble = observed.is_some_and(|observed| observed.body.trouble.is_some());
        let sight = Sight::of(observed.map(|observed| observed.age_seconds), kubernetes.is_some(), trouble);
        let sees_all = signed_in.visitor.roles.sees_all();
        let prod = is_prod(&signed_in.policy.file, &detail.name);
        let closed = detail.dropped_at.is_some() || detail.gone.is_some();
        let can_ask = !closed && signed_in.may_ask_on(&detail.name);
        Self {
            layout: signed_in.layout(NavItem::Clusters, detail.name.clone()).prod(prod),
            name: detail.name.clone(),
            arn: detail.arn.clone(),
            prod,
            pill: sight.pill(held.is_some_and(|held| matches!(held.hold, Hold::Paused { .. }))),
            ask: can_ask.then(|| format!("/requests/new?cluster={}", detail.name)),
            notice: notice(detail, held, sight, signed_in),
            facts: facts(detail, sees_all),
            accesses: live.iter().map(|access| AccessRow::of(access, signed_in)).collect(),
            more: next,
            inside: observed.zip(ways).and_then(|(observed, ways)| Inside::of(&observed.body, ways, detail, signed_in)),
            sees_all,
        }
    }
}

fn notice(detail: &ClusterDetail, held: Option<&OnHold>, sight: Sight, signed_in: &SignedIn) -> Option<Notice> {
    let notice = |tone: Tone, text: &str| Some(Notice { tone, text: Html::prose(text) });
    let observed = detail.observed.as_ref();
    let trouble = observed.and_then(|observed| observed.body.trouble.as_ref());
    let why = trouble.map(blocker::sentence).unwrap_or_default();
    if let Some(gone) = &detail.gone {
        let gone = blocker::sentence(gone);
        return notice(Tone::Danger, &format!("{gone}. Every access to it has ended, or ends now."));
    }
    if let (Sight::Stale | Sight::Fresh, None, Some(held)) = (sight, detail.dropped_at, held) {
        let reader = if signed_in.may_ask_on(&detail.name) {
            Reader::Asker { refused: held.hold.refuses(trouble.is_some()) }
        } else {
            Reader::Other
        };
        return Some(Notice { tone: Tone::Needs, text: held.not_now(reader, &signed_in.clock) });
    }
    match sight {
        _ if detail.dropped_at.is_some() => notice(
            Tone::Neutral,
            "The policy no longer names this cluster: people cannot ask for access to it. What was given is taken \
             away.",
        ),
        Sight::Never => notice(
            Tone::Needs,
            "No worker has read this cluster yet. If that stays so, operators: run `latchkey bootstrap` for it, apply \
             what it prints, and see that `latchkey worker` runs.",
        ),
        Sight::Unreachable => {
            let at = observed.and_then(|observed| observed.body.kubernetes_at);
            let since = at.map_or_else(
                || "and nothing of its inside is known".to_owned(),
                |at| format!("since {}; what stands below is from then", signed_in.clock.at(at)),
            );
            notice(Tone::Danger, &format!("Its API server cannot be read, {since}. {why}"))
        }
        Sight::Stale => notice(
            Tone::Needs,
            "What stands below was read more than ten minutes ago, and may look different now. See Status.",
        ),
        Sight::Fresh => match observed.and_then(|observed| observed.body.entries_refused.as_ref()) {
            Some(why) if signed_in.visitor.roles.sees_all() => {
                notice(Tone::Needs, &words::targets::entries_refused(&blocker::sentence(why)))
            }
            Some(_) | None => None,
        },
    }
}

fn facts(detail: &ClusterDetail, sees_all: bool) -> Vec<(&'static str, Html)> {
    let mut facts = Vec::new();
    let Some(observed) = &detail.observed else { return facts };
    let age = i64::try_from(observed.age_seconds).unwrap_or(i64::MAX);
    facts.push(("Last looked at", Html::prose(&format!("{} ago", duration(SignedDuration::from_secs(age))))));
    if let Some(aws) = &observed.body.aws {
        facts.push(("Lets people in by", Html::prose(mode_words(aws.mode))));
        facts.push(("Kubernetes", Html::prose(&aws.version)));
        facts.push(("EKS says", Html::prose(&aws.status.to_lowercase().replace('_', " "))));
    }
    if let Some(state) = &observed.body.kubernetes {
        facts.push(("Namespaces", Html::prose(&state.namespaces.len().to_string())));
    }
    if let (true, false) = (sees_all, observed.body.left_out.is_empty()) {
        facts.push(("Not kept of the last look", Html::prose(&observed.body.left_out.join("; "))));
    }
    if let (true, Some(failure)) = (sees_all, &detail.failure) {
        facts.push(("Last run failed", Html::prose(&blocker::sentence(failure))));
    }
    facts
}

impl AccessRow {
    fn of(access: &LiveAccess, signed_in: &SignedIn) -> Self {
        let doing = doing(&access.terms.profile);
        let place = Access::of(&doing, &access.terms);
        let subject = SentenceSubject::of(&access.holder.name, access.holder.id == signed_in.visitor.person.id);
        let tense = timeline::live(access.state, access.terms.minutes, access.active, access.doubted);
        Self {
            address: format!("/grants/{}", access.id),
            sentence: Html::sentence(&place.sentence(subject, tense, &signed_in.clock)),
            username: access.username.as_ref().map(|mapped| words::identity::bound_user(&access.terms, mapped)),
            pill: Pill::grant(access.state),
        }
    }
}
