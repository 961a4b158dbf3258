//! One cluster: a summary for everyone; who has access, and aws-auth with findings, for operators and auditors.

use super::{
    Sight,
    entry::{self, EntriesByKind},
    mode_words,
    readiness::{self, ReadinessRow},
};
use crate::{
    store::read::{
        PAGE,
        cluster::{self, ClusterDetail, LiveAccess},
        hold::{self, Hold, OnHold},
    },
    web::{
        Failure, SignedIn, State,
        html::Html,
        icon::Icon,
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
use latchkey_domain::{
    access::{ClusterId, GrantId},
    eks::aws_auth::{AwsAuth, Key, LintFinding, Severity},
    plan::{
        authenticator::TAG,
        observation::{AccessEntry, AuthenticationMode, ClusterObservation, ClusterState, EntryFields, EntryHolders},
    },
};
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

/// The part that only operators and auditors see.
#[derive(Debug, Clone)]
pub struct Inside {
    pub entries: EntriesByKind,
    pub findings: usize,
    pub texts: Vec<Text>,
    /// Why there is no text.
    pub no_text: Option<&'static str>,
    /// What would become of each line; empty if the cluster reads none.
    pub readiness: Vec<ReadinessRow>,
    /// How many further lines there are.
    pub more_readiness: usize,
    /// Whose access entries were seen.
    pub held: Vec<ListedEntry>,
    pub more_held: usize,
    /// Where the cluster's own lines and entries are moved.
    pub address: String,
    pub is_operator: bool,
}

/// An access entry as the last look saw it.
#[derive(Debug, Clone)]
pub struct ListedEntry {
    pub who: String,
    /// Its username; `None` if it was not read.
    pub username: Option<String>,
    pub groups: Vec<String>,
    pub policies: Vec<String>,
    pub may: Vec<Html>,
    /// Whose it is, if it has Latchkey's tag or username.
    pub whose: Option<&'static str>,
}

/// A key of aws-auth, with findings under their lines.
#[derive(Debug, Clone)]
pub struct Text {
    pub key: String,
    pub lines: Vec<LintLine>,
}

/// A line with the findings about it.
#[derive(Debug, Clone)]
pub struct LintLine {
    pub number: usize,
    pub text: String,
    pub findings: Vec<ShownFinding>,
}

/// A finding.
#[derive(Debug, Clone)]
pub struct ShownFinding {
    pub pill: Pill,
    pub message: String,
    pub why: String,
    pub remedy: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    after: String,
}

/// `GET /clusters/{id}`.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<ClusterId>,
    Query(query): Query<ShowQuery>,
) -> Result<ClusterPage, Failure> {
    let detail = cluster::by_id(&state.store, id).await?.ok_or(Failure::NotFound)?;
    let of = (!signed_in.visitor.roles.sees_all()).then_some(signed_in.visitor.person.id);
    let after = query.after.parse::<GrantId>().ok();
    let live = cluster::live(&state.store, id, of, after, PAGE + 1).await?;
    let held = hold::of(&state.store, id).await?;
    Ok(ClusterPage::new(&signed_in, &detail, held.as_ref(), live))
}

impl ClusterPage {
    fn new(signed_in: &SignedIn, detail: &ClusterDetail, held: Option<&OnHold>, mut live: Vec<LiveAccess>) -> Self {
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
            inside: observed.filter(|_| sees_all).and_then(|observed| Inside::of(&observed.body, detail, signed_in)),
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
            username: access.username.clone(),
            pill: Pill::grant(access.state),
        }
    }
}

impl Inside {
    fn of(observed: &ClusterObservation, detail: &ClusterDetail, signed_in: &SignedIn) -> Option<Self> {
        let state = observed.kubernetes.as_ref()?;
        let mode = observed.aws.as_ref().map(|aws| aws.mode);
        let (held, more_held) = held(observed, state, &detail.own_entries);
        let address = format!("/clusters/{}", detail.id);
        let is_operator = signed_in.visitor.roles.operator;
        let Some(object) = &state.aws_auth else {
            return Some(Self {
                entries: EntriesByKind::default(),
                findings: 0,
                texts: vec![],
                no_text: Some("There is no ConfigMap `kube-system/aws-auth` on this cluster."),
                readiness: vec![],
                more_readiness: 0,
                held,
                more_held,
                address,
                is_operator,
            });
        };
        let auth = AwsAuth::read(&object.data);
        let (readiness, more_readiness) = readiness::of(observed, &auth, &detail.arn).unwrap_or_default();
        let mut findings = auth.lint();
        if mode == Some(AuthenticationMode::ConfigMap) {
            findings.extend(auth.lint_of_nodes());
        }
        let texts: Vec<Text> = Key::ALL
            .into_iter()
            .filter_map(|key| {
                // A missing key is shown if a finding is about it.
                let is_named = findings.iter().any(|finding| finding.key == key);
                let text = object.data.get(key.as_str()).map(String::as_str);
                text.or(is_named.then_some("")).map(|text| Text::of(key, text, &findings))
            })
            .collect();
        let no_text = texts.is_empty().then_some("The ConfigMap `kube-system/aws-auth` is empty.");
        Some(Self {
            entries: EntriesByKind::of(&auth, state),
            findings: findings.len(),
            texts,
            no_text,
            readiness,
            more_readiness,
            held,
            more_held,
            address,
            is_operator,
        })
    }
}

/// Whose an entry is, if it looks like one of Latchkey's. One that no row knows is another installation's, or of a time
/// that this database was restored from before: it is named and left.
fn whose(fields: &EntryFields, own_entries: &[String]) -> Option<&'static str> {
    if own_entries.contains(&fields.id) {
        return Some("Latchkey\u{2019}s");
    }
    let looks_own = fields.tags.contains_key(TAG) || fields.username.starts_with(entry::OURS);
    looks_own.then_some("with Latchkey\u{2019}s tag or username, and unknown to this database: it is left as it is")
}

/// The most access entries that the page shows.
const HELD_ROWS: usize = 200;

/// The access entries of the last look, those that were read first, and how many more there are.
fn held(observed: &ClusterObservation, state: &ClusterState, own_entries: &[String]) -> (Vec<ListedEntry>, usize) {
    let listed: &[AccessEntry] = match &observed.entries {
        EntryHolders::Listed(listed) => listed,
        EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => &observed.described,
    };
    let mut all: Vec<&AccessEntry> = listed.iter().collect();
    all.sort_by_key(|entry| (entry.fields().is_none(), entry.arn.as_str()));
    let row = |entry: &&AccessEntry| {
        let fields = entry.fields();
        let username = fields.map(|fields| fields.username.clone());
        let groups = fields.map(|fields| fields.groups.clone()).unwrap_or_default();
        ListedEntry {
            who: entry.arn.clone(),
            may: username.as_deref().map(|username| entry::bound(username, &groups, state)).unwrap_or_default(),
            whose: fields.and_then(|fields| whose(fields, own_entries)),
            policies: fields.map(|fields| fields.policies.clone()).unwrap_or_default(),
            username,
            groups,
        }
    };
    (all.iter().take(HELD_ROWS).map(row).collect(), all.len().saturating_sub(HELD_ROWS))
}

impl Text {
    fn of(key: Key, text: &str, findings: &[LintFinding]) -> Self {
        let of_key: Vec<&LintFinding> = findings.iter().filter(|finding| finding.key == key).collect();
        let last = text.lines().count().max(1);
        let remarks = |number: usize| {
            // A finding past the last line is shown at the last line.
            let here = of_key.iter().filter(move |finding| finding.line.clamp(1, last) == number);
            here.map(|finding| ShownFinding::of(finding)).collect()
        };
        let line =
            |(at, text): (usize, &str)| LintLine { number: at + 1, text: text.to_owned(), findings: remarks(at + 1) };
        let mut lines: Vec<LintLine> = text.lines().enumerate().map(line).collect();
        if lines.is_empty() {
            lines.push(LintLine { number: 1, text: String::new(), findings: remarks(1) });
        }
        Self { key: key.as_str().to_owned(), lines }
    }
}

impl ShownFinding {
    fn of(finding: &LintFinding) -> Self {
        let pill = match finding.severity {
            Severity::Error => Pill::new(Tone::Danger, Icon::CircleX, "Error"),
            Severity::Warning => Pill::new(Tone::Needs, Icon::TriangleAlert, "Warning"),
            Severity::Info => Pill::new(Tone::Neutral, Icon::Info, "Note"),
        };
        Self {
            pill,
            message: whole_sentence(&finding.message),
            why: whole_sentence(finding.why),
            remedy: whole_sentence(finding.remedy),
        }
    }
}

/// A clause as a sentence; an ARN at its start keeps its letters.
fn whole_sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let is_word = !clause.starts_with("arn:");
    let first = letters
        .next()
        .map_or_else(String::new, |first| if is_word { first.to_uppercase().collect() } else { first.to_string() });
    let stop = if clause.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// An entry of Latchkey's, one of another client's with a policy, one that no row knows, and one that was not read.
#[cfg(test)]
fn sample_entries() -> EntryHolders {
    use latchkey_domain::plan::observation::EntryDetails;
    use latchkey_testkit::{iam_arn, user_arn};
    let entry = |arn: String, id: &str, username: &str, policies: &[&str]| {
        let (id, username) = (id.to_owned(), username.to_owned());
        let policies = policies.iter().map(|&policy| policy.to_owned()).collect();
        let fields = EntryFields { id, username, policies, kind: "STANDARD".into(), ..EntryFields::default() };
        AccessEntry { arn, details: EntryDetails::Read(fields) }
    };
    let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
    EntryHolders::Listed(vec![
        entry(user_arn("ben.okafor"), "entry-of-ben", "latchkey:ben:2", &[]),
        entry(iam_arn("user/bob"), "entry-of-bob", "bob", &[policy]),
        entry(user_arn("gus.brandt"), "entry-of-before", "latchkey:gus:4", &[]),
        AccessEntry::named(iam_arn("role/ci-deployer")),
    ])
}

#[cfg(test)]
impl ClusterPage {
    /// A cluster with nodes, an unmanaged entry that is root, and a mistake in aws-auth.
    pub fn sample(signed_in: &SignedIn, reachable: bool) -> Self {
        use crate::store::observations::Observed;
        use latchkey_domain::plan::observation::ClusterObservation;
        use latchkey_testkit::{cluster_arn, iam_arn, observation, user_arn};
        let roles = format!(
            "# managed by eksctl\n- rolearn: {}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups:\n  - \
             system:bootstrappers\n  - system:nodes\n- rolearn: {}\n  username: deployers\n  groups:\n  - \
             system:masters\n",
            iam_arn("role/eks-nodes"),
            iam_arn("role/team/deployers"),
        );
        let users = format!(
            "- userarn: {}\n  username: latchkey-worker\n- \"userarn\": \"{}\"\n  \"username\": \"latchkey:ana:3\"\n",
            iam_arn("user/latchkey-worker"),
            user_arn("ana.petrova"),
        );
        let trouble = || latchkey_domain::access::blocker::Blocker::said("The API server did not answer within 10 s.");
        let observed = observation("prod-eu").with_aws_auth("mapRoles", &roles).with_aws_auth("mapUsers", &users);
        let mut body = ClusterObservation {
            trouble: (!reachable).then(trouble),
            entries: sample_entries(),
            ..observed.seen("2026-11-24T13:58:00Z".parse().unwrap())
        };
        if let Some(aws) = &mut body.aws {
            aws.mode = AuthenticationMode::ApiAndConfigMap;
        }
        let id = ClusterId(uuid::Uuid::from_u128(2));
        let at = "2026-11-24T14:47:20Z".parse().unwrap();
        let detail = ClusterDetail {
            id,
            name: "prod-eu".into(),
            arn: cluster_arn("prod-eu"),
            dropped_at: None,
            gone: None,
            observed: Some(Observed { body, at, age_seconds: 40 }),
            failure: None,
            own_entries: vec!["entry-of-ben".into()],
        };
        let grant = crate::web::samples::grant_samples::detail("active");
        let live = LiveAccess {
            id: grant.progress.id,
            holder: grant.holder,
            terms: grant.terms,
            state: grant.progress.state,
            active: grant.progress.active,
            username: Some("latchkey:ana:3".into()),
            doubted: None,
        };
        Self::new(signed_in, &detail, None, vec![live])
    }
}
