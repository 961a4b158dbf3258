//! What the page of an access shows of it.

use super::{documents::documents, kubeconfig::file_name};
use crate::{
    actions::sight::GrantPart,
    store::read::grant::{GrantDetail, OtherByRole},
    web::{
        change::ChangedDocument,
        html::Html,
        icon::Icon,
        look::{Pill, Tone},
        power::reach_of,
        requests::is_prod,
        time_left::TimeLeft,
        timeline::{self, TimelineEvent},
    },
    words::{
        self, Clock, Sentence,
        access::{Access, SentenceSubject, doing_on},
        sentence::list,
    },
};
use latchkey_domain::{
    access::{
        blocker::Blocker,
        grant::{Condition, GrantState, Proven},
        policy::PolicyFile,
        terms::Terms,
        transition::Target,
    },
    eks::{
        arn::{PrincipalArn, SessionName},
        rbac::expectations,
    },
};
use sha2::{Digest, Sha256};

/// See the module.
#[derive(Debug, Clone)]
pub struct View {
    pub id: String,
    pub title: String,
    pub sentence: Html,
    pub pill: Pill,
    pub marks: Vec<Pill>,
    pub standing: Html,
    /// The access may work past its end, and a person must act: the most prominent message.
    pub alarm: Option<Html>,
    pub prod: bool,
    pub state: GrantState,
    pub crumb: (&'static str, &'static str),
    pub time_left: Option<TimeLeft>,
    pub how: Option<HowTo>,
    pub evidence: Vec<Html>,
    /// Of `standing`: danger if it says that the access gives more than was decided.
    pub standing_tone: Tone,
    /// What it allows beyond what was approved, unless `standing` says so.
    pub wider: Vec<Html>,
    /// What of it never works, and what works differently from what it suggests.
    pub never: Vec<Html>,
    /// That Latchkey cannot see whether its IAM user was deleted and created again.
    pub unprotected: Option<Html>,
    /// What else allows the same, or still does after Latchkey's own part is gone.
    pub residual: Vec<Html>,
    /// The other accesses by which a role that several people use is let in there.
    pub others: Vec<Html>,
    pub documents: Vec<ChangedDocument>,
    pub events: Vec<TimelineEvent>,
    pub facts: AccessPanel,
    pub can_give_back: bool,
    pub can_revoke: bool,
    pub ask_again: Option<String>,
    /// Changes when anything that is shown changes.
    pub version: String,
    /// Seconds between polls; `None` if nothing will change by itself.
    pub poll: Option<u32>,
}

/// How its holder uses the access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HowTo {
    /// The address of the kubeconfig; `None` if the cluster was never read.
    pub download: Option<String>,
    pub file: String,
    pub identity_check: String,
    pub arn: String,
    /// Of a role: what its AWS profile says.
    pub config: Option<String>,
    pub export: String,
    pub works: Option<String>,
    /// What is known of whether the command works.
    pub works_said: &'static str,
    /// Whether it is known to work, by the last proof.
    pub is_proven: bool,
    pub must_fail: Option<String>,
    pub must_fail_said: &'static str,
    pub ready: bool,
    pub aws_profile: Option<String>,
    pub cluster: String,
}

/// The side panel.
#[derive(Debug, Clone)]
pub struct AccessPanel {
    pub holder: String,
    pub handle: String,
    pub cluster: String,
    pub cluster_address: String,
    pub profile: String,
    pub namespaces: Vec<String>,
    pub principal: String,
    /// Who uses it, of a role.
    pub whose: Option<Html>,
    pub username: Option<String>,
    pub deciders: Option<String>,
    pub policy: String,
    pub policy_hash: String,
    pub request_address: String,
    pub length: String,
    /// Shown until it is active: from then on its exact end is known.
    pub latest_end: Option<Html>,
    pub reason: String,
}

/// How often the page polls while something is in progress.
const POLL_SECONDS: u32 = 2;

/// The same while the access is active: for the time that is left, and its end.
const ACTIVE_POLL_SECONDS: u32 = 15;

impl View {
    /// The view of an access.
    pub fn of(detail: &GrantDetail, part: GrantPart, file: &PolicyFile, clock: &Clock) -> Self {
        let progress = &detail.progress;
        let namespaces = detail.terms.namespace_names();
        let subject = SentenceSubject::of(&detail.holder.name, part.holder);
        let doing = doing_on(&detail.terms.profile, &detail.kinds);
        let access = Access::of(&doing, &detail.terms);
        let tense = timeline::tense(progress, detail.terms.minutes);
        let pill = Pill::grant_of(progress.state, progress.is_not_shut_out());
        let running = detail.progress.active.filter(|_| detail.progress.state == GrantState::Active);
        let time_left = running.map(|span| TimeLeft::of(span, clock));
        let title = match &time_left {
            Some(left) if progress.state == GrantState::Active => {
                format!("{} left · {}", left.left, detail.terms.cluster_name)
            }
            _ => format!("{} · {}", pill.word, detail.terms.cluster_name),
        };
        let is_live = matches!(progress.state, GrantState::Scheduled | GrantState::Provisioning | GrantState::Active);
        let over = matches!(progress.state, GrantState::Revoking | GrantState::Ended);
        let more = progress.allows_more();
        let gives_more = !more.is_empty() && (progress.doubt().is_some() || is_coming(progress.state));
        Self {
            id: progress.id.to_string(),
            title,
            sentence: Html::sentence(&access.sentence(subject, tense, clock)),
            pill,
            marks: marks(detail),
            standing: Html::sentence(&timeline::standing(progress, clock)),
            alarm: alarm(detail),
            prod: is_prod(file, &detail.terms.cluster_name),
            state: progress.state,
            crumb: if part.holder { ("/", "Home") } else { ("/inbox?tab=decided", "Inbox") },
            how: (part.holder && is_live).then(|| HowTo::of(detail, &namespaces)),
            evidence: evidence(detail, clock),
            unprotected: progress
                .is_unprotected()
                .then(|| Html::prose(&words::access::unprotected(&detail.terms.principal_arn))),
            standing_tone: if gives_more { Tone::Danger } else { Tone::Neutral },
            wider: more.into_iter().filter(|_| !gives_more).map(wider).collect(),
            residual: timeline::beside(progress),
            others: others(detail, clock),
            never: if is_live { never(detail, &namespaces) } else { vec![] },
            documents: documents(detail),
            events: timeline::of_grant(progress, subject, clock),
            facts: AccessPanel::of(detail, &namespaces, clock),
            can_give_back: part.holder && is_live,
            can_revoke: is_live && part.may_end && !part.holder,
            ask_again: (part.holder && over).then(|| ask_again(detail, &namespaces)),
            version: version(detail, &namespaces, time_left.as_ref()),
            time_left,
            poll: match progress.state {
                GrantState::Scheduled | GrantState::Provisioning | GrantState::Revoking => Some(POLL_SECONDS),
                GrantState::Active => Some(ACTIVE_POLL_SECONDS),
                GrantState::Ended => None,
            },
        }
    }

    /// Whether `standing` says that it gives more than was decided: the most prominent message.
    pub fn gives_more(&self) -> bool {
        self.standing_tone == Tone::Danger
    }

    /// Whether the access is being set up.
    pub fn is_coming(&self) -> bool {
        is_coming(self.state)
    }

    /// Whether it is proven gone.
    pub fn is_over(&self) -> bool {
        self.state == GrantState::Ended
    }
}

fn is_coming(state: GrantState) -> bool {
    matches!(state, GrantState::Scheduled | GrantState::Provisioning)
}

fn wider(why: &Blocker) -> Html {
    Html::prose(&words::steps::full_stop(&words::blocker::sentence(why)))
}

fn never(detail: &GrantDetail, namespaces: &[String]) -> Vec<Html> {
    let works = detail.terms.profile.workable(&reach_of(&detail.terms.profile, namespaces), &detail.kinds);
    words::power::never(&works).iter().map(|line| Html::prose(&words::steps::full_stop(line))).collect()
}

/// Conditions are shown beside the pill, never in it.
fn marks(detail: &GrantDetail) -> Vec<Pill> {
    let progress = &detail.progress;
    let mut marks: Vec<Pill> = timeline::mark(progress).into_iter().collect();
    if !progress.allows_more().is_empty() {
        marks.push(Pill::ALLOWS_MORE);
    }
    if !progress.beside().is_empty() {
        marks.push(Pill::new(Tone::Needs, Icon::TriangleAlert, "Something else allows it"));
    }
    marks
}

fn alarm(detail: &GrantDetail) -> Option<Html> {
    let progress = &detail.progress;
    if progress.state != GrantState::Revoking {
        return None;
    }
    let why = progress.legs.iter().find_map(|leg| match &leg.condition {
        Condition::Blocked { why, .. } => Some(why),
        Condition::Ok | Condition::Retrying { .. } | Condition::Paused { .. } => None,
    })?;
    let text =
        Sentence::parse("This access should be gone and may still work. ").parsed(&words::blocker::sentence(why));
    Some(Html::sentence(&text))
}

/// What was proven, in a line for each proven leg.
fn evidence(detail: &GrantDetail, clock: &Clock) -> Vec<Html> {
    let mut lines = Vec::new();
    for leg in &detail.progress.legs {
        let Some(at) = leg.proven_at else { continue };
        let answers = leg
            .evidence
            .answers
            .as_ref()
            .map_or_else(String::new, |answers| format!(": {}", words::steps::answers(answers, "as was intended")));
        let start = match (leg.proven, leg.target) {
            (Proven::Nothing, _) => continue,
            (Proven::Present, target) if !leg.evidence.tells() => {
                lines.push(Html::prose(&unknown(target, &detail.terms.cluster_name)));
                continue;
            }
            (Proven::Present, Target::Cluster(_)) => {
                format!(
                    "It was configured and authorised{answers}. The API server of `{}` said so",
                    detail.terms.cluster_name
                )
            }
            (Proven::Present, Target::Principal(_)) => "IAM was as it should be, as read back".to_owned(),
            (Proven::Gone, Target::Cluster(_)) if leg.evidence.cluster_gone => {
                format!(
                    "The cluster `{}` is gone, and nothing of it is left with it. EKS said so",
                    detail.terms.cluster_name
                )
            }
            (Proven::Gone, Target::Cluster(_)) if !detail.progress.residual.is_empty() => {
                let place = &detail.terms.cluster_name;
                format!(
                    "Nothing of Latchkey\u{2019}s is left on `{place}`. What may still let them in is named above. So \
                     it was seen"
                )
            }
            (Proven::Gone, Target::Cluster(_)) => {
                format!("Nothing of it is left on `{}`, and its API server refuses", detail.terms.cluster_name)
            }
            (Proven::Gone, Target::Principal(_)) => "Nothing of it is left in IAM, as read back".to_owned(),
        };
        let sentence = Sentence::parse(&start).text(" at ").time(at, clock.to_the_second(at)).text(".");
        lines.push(Html::sentence(&sentence));
    }
    lines
}

/// A proof that does not tell what was seen.
fn unknown(target: Target, cluster: &str) -> String {
    match target {
        Target::Cluster(_) => format!("What was proven on `{cluster}` is not known: the record of it is empty."),
        Target::Principal(_) => "What was proven in IAM is not known: the record of it is empty.".to_owned(),
    }
}

/// The address of a form for the same access again, without the reason.
fn ask_again(detail: &GrantDetail, namespaces: &[String]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("cluster", &detail.terms.cluster_name).append_pair("profile", detail.terms.profile.name.as_str());
    for namespace in namespaces {
        query.append_pair("namespace", namespace);
    }
    query.append_pair("principal", &detail.terms.principal_arn);
    query.append_pair("minutes", &detail.terms.minutes.to_string());
    format!("/requests/new?{}", query.finish())
}

/// Who else lets a role in that several people use.
fn others(detail: &GrantDetail, clock: &Clock) -> Vec<Html> {
    let told = |other: &OtherByRole| Html::sentence(&words::identity::other_by_role(&other.name, other.until, clock));
    detail.others.iter().map(told).collect()
}

/// The hash of what is shown; it includes the time left, in minutes.
fn version(detail: &GrantDetail, namespaces: &[String], left: Option<&TimeLeft>) -> String {
    let mut hash = Sha256::new();
    detail.progress.fingerprint(&mut hash);
    hash.update(format!("{:?}", detail.mapping));
    hash.update(format!("{:?} {:?}", detail.others, detail.terms.users));
    hash.update(format!("{:?}", never(detail, namespaces)));
    hash.update(left.map_or("", |left| left.left.as_str()));
    hex::encode(&hash.finalize()[..8])
}

/// The ARN that AWS tells the caller: of a role, that of the session; its end is the caller's if the role is shared.
fn caller_arn(terms: &Terms) -> String {
    match PrincipalArn::parse(&terms.principal_arn) {
        Ok(PrincipalArn::Role(role)) => {
            let session = terms.session.as_ref().map_or("\u{2026}", SessionName::as_str);
            format!("arn:{}:sts::{}:assumed-role/{}/{session}", role.partition(), role.account(), role.name())
        }
        Ok(PrincipalArn::User(_)) | Err(_) => terms.principal_arn.clone(),
    }
}

/// What the AWS profile of a role says.
fn aws_config(detail: &GrantDetail) -> Option<String> {
    let role = PrincipalArn::parse(&detail.terms.principal_arn).ok()?.as_role()?.clone();
    let session = detail.terms.session.as_ref().map_or("YOUR-NAME", SessionName::as_str);
    let profile = detail.aws_profile.as_deref().unwrap_or("default");
    Some(words::identity::aws_config(role.as_str(), session, profile, role.is_identity_center()))
}

impl HowTo {
    fn of(detail: &GrantDetail, namespaces: &[String]) -> Self {
        let reach = reach_of(&detail.terms.profile, namespaces);
        let expected = expectations(&detail.terms.profile.rules(), &reach, &detail.seen_namespaces, &detail.kinds);
        let file = file_name(&detail.terms.cluster_name);
        let ready = detail.progress.state == GrantState::Active;
        let is_proven = ready && detail.progress.doubt().is_none() && detail.progress.last_proof().is_some();
        let has_more = !detail.progress.allows_more().is_empty();
        let profile = detail.aws_profile.as_ref().map_or_else(String::new, |name| format!(" --profile '{name}'"));
        Self {
            download: detail.eks.as_ref().map(|_| format!("/grants/{}/kubeconfig", detail.progress.id)),
            export: format!("export KUBECONFIG=~/Downloads/{file}"),
            file,
            identity_check: format!("aws sts get-caller-identity --query Arn --output text{profile}"),
            arn: caller_arn(&detail.terms),
            config: aws_config(detail),
            works: words::kubectl::works(&expected),
            works_said: words::kubectl::works_said(is_proven),
            is_proven,
            // Beside something that allows more, the command might work.
            must_fail: words::kubectl::must_fail(&expected)
                .filter(|_| !has_more && detail.progress.beside().is_empty()),
            must_fail_said: words::kubectl::MUST_FAIL_SAID,
            ready,
            aws_profile: detail.aws_profile.clone(),
            cluster: detail.terms.cluster_name.clone(),
        }
    }
}

impl AccessPanel {
    fn of(detail: &GrantDetail, namespaces: &[String], clock: &Clock) -> Self {
        let names: Vec<&str> = detail.deciders.iter().map(|decider| decider.name.as_str()).collect();
        Self {
            holder: detail.holder.name.clone(),
            handle: detail.holder.handle.to_string(),
            cluster: detail.terms.cluster_name.clone(),
            cluster_address: format!("/clusters/{}", detail.terms.cluster),
            profile: detail.terms.profile.name.to_string(),
            namespaces: namespaces.to_vec(),
            principal: detail.terms.principal_arn.clone(),
            whose: words::identity::whose(&detail.terms).map(|whose| Html::sentence(&whose)),
            username: detail
                .mapping
                .as_ref()
                .map(|mapping| words::identity::bound_user(&detail.terms, &mapping.username)),
            deciders: (!names.is_empty()).then(|| list(&names, "and")),
            policy: detail.policy_name.clone(),
            policy_hash: detail.policy_hash.chars().take(12).collect(),
            request_address: format!("/requests/{}", detail.progress.request),
            length: words::time::length(detail.terms.minutes),
            latest_end: is_coming(detail.progress.state).then(|| Html::when(clock, detail.progress.hard_until)),
            reason: detail.reason.clone(),
        }
    }
}
