//! The AWS identities that a person has proven, and the proof: the output of the stock AWS CLI, pasted once.

use super::{
    Failure, SignedIn, State,
    cookies::CookieKind,
    html::Html,
    layout::{Layout, NavItem},
    routes::Routes,
};
use crate::{
    login::proof::{self, NotProven},
    machine,
    store::{limits::CountedAction, people, people::Principal, sessions},
    words::{self, limits::Often},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use latchkey_domain::{
    access::verdict::PrincipalVerdict,
    eks::{
        arn::{PrincipalArn, PrincipalKind},
        trust_policy::RoleTrust,
    },
};
use serde::Deserialize;

/// A proven identity.
#[derive(Debug, Clone)]
pub struct IdentityRow {
    pub arn: String,
    /// The last part of the ARN.
    pub name: String,
    pub kind: &'static str,
    pub account: String,
    pub proven_at: Timestamp,
    /// The AWS CLI profile of this identity on its owner's machine.
    pub aws_profile: Option<String>,
    /// Of a role's session, and of an identity that gives nobody access: what it is good for.
    pub standing: Option<Html>,
    /// Whether nothing can be asked for by it at present.
    pub unusable: bool,
}

/// A person's proven identities.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "identities/list.html")]
pub struct IdentitiesPage {
    pub layout: Layout,
    /// Whether a policy allows this person to ask for anything.
    pub may_ask: bool,
    pub rows: Vec<IdentityRow>,
    /// Whether a worker is still to look at one of them: the page looks again by itself.
    pub looking: bool,
}

/// `GET /identities`: the person's own identities.
async fn list(Extract(state): Extract<State>, signed_in: SignedIn) -> Result<IdentitiesPage, Failure> {
    let principals = people::principals(&state.store, signed_in.visitor.person.id).await?;
    let looking =
        principals.iter().any(|one| one.session.is_some() && one.verdict.is_none() && one.look_failed.is_none());
    Ok(IdentitiesPage {
        looking,
        layout: signed_in.layout(NavItem::Identities, "AWS identities"),
        may_ask: signed_in.may_ask(),
        rows: principals.into_iter().map(IdentityRow::of).collect(),
    })
}

impl IdentityRow {
    fn of(principal: Principal) -> Self {
        let name = principal.arn.rsplit('/').next().unwrap_or(&principal.arn).to_owned();
        let account = principal.arn.split(':').nth(4).unwrap_or_default().to_owned();
        // The only other kind that was ever stored is a role.
        let kind = PrincipalArn::parse(&principal.arn).map_or(PrincipalKind::Role, |arn| arn.kind()).name();
        let Principal { arn, proven_at, aws_profile, session, verdict, look_failed, .. } = principal;
        let standing = match (&session, &verdict) {
            (Some(session), _) => {
                Some(words::identity::standing(session.as_str(), verdict.as_ref(), look_failed.as_ref()))
            }
            (None, Some(verdict @ PrincipalVerdict::Worker)) => Some(words::identity::refused(verdict)),
            (None, Some(PrincipalVerdict::Role(_)) | None) => None,
        };
        let unusable = match &verdict {
            Some(PrincipalVerdict::Worker | PrincipalVerdict::Role(RoleTrust::NotForPeople(_))) => true,
            Some(PrincipalVerdict::Role(RoleTrust::Pinned(_) | RoleTrust::Shared(_))) => false,
            None => session.is_some(),
        };
        let standing = standing.map(|text| Html::prose(&text));
        Self { arn, name, kind, account, proven_at, aws_profile, standing, unusable }
    }
}

/// How to prove an identity.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "identities/new.html")]
pub struct ProofPage {
    pub layout: Layout,
    /// `None` if no proof can be begun now.
    pub command: Option<String>,
    pub aws_profile: String,
    pub errors: Vec<FieldError>,
}

/// What is wrong with a field, in a sentence.
#[derive(Debug, Clone)]
pub struct FieldError {
    pub field: &'static str,
    pub sentence: String,
}

/// `GET /identities/new`: the command, made for this session.
async fn new(Extract(state): Extract<State>, signed_in: SignedIn, headers: HeaderMap) -> Result<ProofPage, Failure> {
    ProofPage::issue(&state, &signed_in, &headers, vec![], String::new()).await
}

// No Debug: the token is a secret.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ProofForm {
    token: String,
    aws_profile: String,
}

/// A length that the AWS CLI and a kubeconfig accept.
const LONGEST_PROFILE: usize = 64;

/// `POST /identities`: verifies the pasted token. The token is a secret: it is never shown again or logged.
async fn prove(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(form): Form<ProofForm>,
) -> Result<Response, Failure> {
    let aws_profile = form.aws_profile.trim().to_owned();
    let errors = mistakes(&form.token, &aws_profile);
    if !errors.is_empty() {
        return ProofPage::wrong(&state, &signed_in, &headers, errors, aws_profile).await;
    }
    let (person, times) = (signed_in.visitor.person.id.to_string(), state.site.limits.proofs_per_person);
    match state.count(CountedAction::Proof, &person, times, Often::Proof).await {
        Ok(()) => {}
        Err(Failure::TooOften(often)) => {
            let errors = vec![FieldError { field: "token", sentence: often.text }];
            let page = ProofPage::issue(&state, &signed_in, &headers, errors, aws_profile).await?;
            let wait = [(header::RETRY_AFTER, often.wait_seconds.to_string())];
            return Ok((StatusCode::TOO_MANY_REQUESTS, wait, page).into_response());
        }
        Err(other) => return Err(other),
    }
    let (session, token) = session(&state, &headers).await?;
    // AWS compares its own clock with the signature's. Business time, which a demo moves ahead, does not apply.
    let now = machine::now();
    match proof::verify(&state.store, &state.sts, &session, &token, &form.token, now).await {
        Ok(id) => {
            if !aws_profile.is_empty() {
                people::name_profile(&state.store, signed_in.visitor.person.id, id, &aws_profile).await?;
            }
            Ok(Redirect::to("/identities").into_response())
        }
        Err(NotProven::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::info!(person = %signed_in.visitor.person.handle, reason = reason(&error), "an identity was not proven");
            let errors = vec![FieldError { field: "token", sentence: error.to_string() }];
            ProofPage::wrong(&state, &signed_in, &headers, errors, aws_profile).await
        }
    }
}

/// The mistakes that can be found in the form alone.
fn mistakes(token: &str, aws_profile: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if token.trim().is_empty() {
        let sentence = "Paste what the command printed: it begins with `k8s-aws-v1.`".to_owned();
        errors.push(FieldError { field: "token", sentence });
    }
    let odd = |c: char| c.is_control() || matches!(c, '[' | ']' | '"' | '\'' | '`' | '\\');
    if aws_profile.chars().count() > LONGEST_PROFILE || aws_profile.contains(odd) {
        let sentence = "An AWS profile\u{2019}s name has 64 characters at most, and no quotes or brackets.".to_owned();
        errors.push(FieldError { field: "aws_profile", sentence });
    }
    errors
}

/// For the log: the kind of failure, without anything that was pasted.
fn reason(error: &NotProven) -> &'static str {
    match error {
        NotProven::Token(_) => "not a token for this command",
        NotProven::NonceOver => "nonce over",
        NotProven::TooMany => "too many nonces",
        NotProven::RefusedByAws(_) => "refused by AWS",
        NotProven::StsDown(_) => "STS down",
        NotProven::ToolSession { .. } => "a session that a tool named",
        NotProven::Root => "the root user",
        NotProven::Federated => "a federated user",
        NotProven::ServiceLinked => "a service-linked role",
        NotProven::NotAPrincipal { .. } => "neither a user nor a role",
        NotProven::OfAnotherPerson { .. } | NotProven::SessionOfAnother { .. } => "another person's",
        NotProven::OfAnotherRole => "another role of this name",
        NotProven::Store(_) => "database",
    }
}

/// The session with its token, from which the nonce is derived.
async fn session(state: &State, headers: &HeaderMap) -> Result<(sessions::SessionPerson, String), Failure> {
    let token = CookieKind::Session.read(headers, &state.site).ok_or(Failure::SignedOut { back: None })?;
    let session = sessions::signed_in(&state.store, &token, state.site.sessions, false).await?;
    Ok((session.ok_or(Failure::SignedOut { back: None })?, token))
}

impl ProofPage {
    async fn issue(
        state: &State,
        signed_in: &SignedIn,
        headers: &HeaderMap,
        mut errors: Vec<FieldError>,
        aws_profile: String,
    ) -> Result<Self, Failure> {
        let (session, token) = session(state, headers).await?;
        let command = match proof::issue(&state.store, &session, &token).await {
            Ok(cluster_name) => Some(command(&cluster_name)),
            Err(NotProven::Store(error)) => return Err(error.into()),
            Err(error) => {
                errors.push(FieldError { field: "command", sentence: error.to_string() });
                None
            }
        };
        let title = if errors.is_empty() { "Prove an AWS identity" } else { "Error: Prove an AWS identity" };
        Ok(Self { layout: signed_in.layout(NavItem::Identities, title), command, aws_profile, errors })
    }

    async fn wrong(
        state: &State,
        signed_in: &SignedIn,
        headers: &HeaderMap,
        errors: Vec<FieldError>,
        aws_profile: String,
    ) -> Result<Response, Failure> {
        let page = Self::issue(state, signed_in, headers, errors, aws_profile).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    /// What is wrong with a field.
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.sentence.as_str())
    }
}

/// The command. The stock CLI signs a GetCallerIdentity request for this name, which is not a cluster's, so that a
/// leaked token is of no other use.
fn command(cluster_name: &str) -> String {
    format!("aws eks get-token --cluster-name {cluster_name} --query status.token --output text")
}

/// `/identities` and what is below it.
pub fn routes() -> Routes {
    Routes::new().get("/identities", list).post("/identities", prove).get("/identities/new", new)
}

#[cfg(test)]
impl IdentitiesPage {
    /// One proven identity.
    pub fn sample(signed_in: &SignedIn) -> Self {
        let row = IdentityRow {
            arn: latchkey_testkit::user_arn("ana.petrova"),
            name: "ana.petrova".to_owned(),
            kind: "IAM user",
            account: latchkey_testkit::ACCOUNT.to_owned(),
            proven_at: "2026-11-03T09:12:00Z".parse().unwrap(),
            aws_profile: Some("payments".to_owned()),
            standing: None,
            unusable: false,
        };
        let role = |set: &str, verdict: Option<PrincipalVerdict>| {
            IdentityRow::of(Principal {
                id: uuid::Uuid::from_u128(7).into(),
                person: uuid::Uuid::from_u128(1).into(),
                arn: format!(
                    "arn:aws:iam::{}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_{set}_0123456789abcdef",
                    latchkey_testkit::ACCOUNT
                ),
                unique_id: "AROAEXAMPLE".to_owned(),
                aws_profile: None,
                proven_at: "2026-11-04T09:12:00Z".parse().unwrap(),
                session: Some("ana@example.com".parse().unwrap()),
                users: vec![],
                verdict,
                look_failed: None,
            })
        };
        let pinned = PrincipalVerdict::Role(RoleTrust::Pinned(latchkey_domain::eks::trust_policy::Pin::IdentityCenter));
        let rows = vec![row, role("Developer", Some(pinned)), role("Support", None)];
        let layout = signed_in.layout(NavItem::Identities, "AWS identities");
        Self { layout, may_ask: signed_in.may_ask(), rows, looking: true }
    }

    /// The page without identities.
    pub fn sample_empty(signed_in: &SignedIn) -> Self {
        Self { rows: vec![], looking: false, ..Self::sample(signed_in) }
    }
}

#[cfg(test)]
impl ProofPage {
    /// The page as it is first opened.
    pub fn sample(signed_in: &SignedIn) -> Self {
        Self {
            layout: signed_in.layout(NavItem::Identities, "Prove an AWS identity"),
            command: Some(command("latchkey-3f9c2ab1d04e5f60718293a4b5c6d7e8")),
            aws_profile: String::new(),
            errors: vec![],
        }
    }

    /// The page after AWS refused the token.
    pub fn sample_wrong(signed_in: &SignedIn) -> Self {
        let errors = vec![FieldError {
            field: "token",
            sentence: NotProven::RefusedByAws(proof::ProofRefusal::NotSigned).to_string(),
        }];
        Self { errors, aws_profile: "payments".to_owned(), ..Self::sample(signed_in) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_a_token_or_with_an_odd_profile_is_told_so() {
        let fields = |token: &str, profile: &str| -> Vec<&'static str> {
            mistakes(token, profile).iter().map(|error| error.field).collect()
        };
        assert_eq!(fields("k8s-aws-v1.x", "payments dev"), Vec::<&str>::new());
        assert_eq!(fields(" \n", "a\"b"), ["token", "aws_profile"]);
        assert_eq!(fields("k8s-aws-v1.x", &"p".repeat(65)), ["aws_profile"]);
    }
}
