//! Access by IAM roles: people who have no IAM user, and several people under one role.

mod anew;
mod pins;
mod proofs;
mod shared;
mod two;
mod whole;

use super::people::{self, LOOK, Wish, approve, pasted, try_to_ask_by, until};
use crate::{
    rig::{AwsRole, AwsUser},
    stage::{
        CLUSTER, Stage,
        browser::{Browser, Page},
        caller::Caller,
    },
};
use http::StatusCode;
use latchkey_domain::plan::authenticator::RoleKey;

/// A look at the logs in the same place, beside [`LOOK`].
const LOGS: Wish = Wish { profile: "logs", ..LOOK };

/// A person with a session of a role.
struct Holder {
    browser: Browser,
    session: AwsUser,
}

/// Two people under one role, each with an access in the same place.
struct TwoGiven {
    people: [Holder; 2],
    approver: Browser,
    grants: Vec<String>,
}

impl TwoGiven {
    /// Both prove their session, are given the access, and can use it.
    async fn under(stage: &Stage, role: &AwsRole) -> Self {
        let people = [Holder::proven(stage, "ana", role).await, Holder::proven(stage, "gus", role).await];
        let approver = stage.signed_in("ben").await;
        let mut grants = Vec::new();
        for holder in &people {
            grants.push(holder.given(stage, &approver, LOOK).await);
            assert_eq!(holder.caller(stage).list_pods_anew("payments").await, 200);
        }
        Self { people, approver, grants }
    }

    /// Both accesses end, for this cause.
    async fn have_ended(&self, stage: &Stage, why: &str) {
        for grant in &self.grants {
            until(stage, grant, "ended").await;
            assert_eq!(cause(stage, grant).await.as_deref(), Some(why));
        }
    }
}

impl Holder {
    /// Signs in and opens a session of the role, and proves nothing yet.
    async fn of(stage: &Stage, handle: &str, role: &AwsRole) -> Self {
        let session = stage.session(role, &format!("{handle}@example.com")).await;
        Self { browser: stage.signed_in(handle).await, session }
    }

    /// The same with a proof of the session, and with the worker's look at the role.
    async fn proven(stage: &Stage, handle: &str, role: &AwsRole) -> Self {
        let holder = Self::of(stage, handle, role).await;
        holder.prove().await;
        stage.work().await;
        holder
    }

    /// Pastes what the AWS CLI prints, which must be taken.
    async fn prove(&self) -> Page {
        self.browser.submit(&pasted(&self.browser, &self.session, false).await).await
    }

    /// Pastes what the AWS CLI prints, which must be refused with this sentence.
    async fn is_not_proven(&self, why: &str) {
        is_not_proven(&self.browser, &self.session, why).await;
    }

    async fn ask(&self, wish: Wish) -> String {
        let answer = try_to_ask_by(&self.browser, &self.session.arn, CLUSTER, wish).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "the request is not taken: {}", answer.text());
        answer.location.unwrap()
    }

    /// Asks, and is refused with this sentence.
    async fn cannot_ask(&self, why: &str) {
        cannot_ask(&self.browser, &self.session.arn, why).await;
    }

    async fn approved(&self, stage: &Stage, approver: &Browser, wish: Wish) -> String {
        let request = self.ask(wish).await;
        approve(stage, approver, &request).await
    }

    async fn given(&self, stage: &Stage, approver: &Browser, wish: Wish) -> String {
        let grant = self.approved(stage, approver, wish).await;
        until(stage, &grant, "active").await;
        grant
    }

    async fn gives_back(&self, stage: &Stage, grant: &str) {
        people::give_back(&self.browser, grant).await;
        until(stage, grant, "ended").await;
    }

    fn caller(&self, stage: &Stage) -> Caller {
        stage.caller_of(&self.session)
    }
}

async fn is_not_proven(browser: &Browser, user: &AwsUser, why: &str) {
    let answer = browser.send(&pasted(browser, user, false).await).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    answer.says(why);
}

async fn cannot_ask(browser: &Browser, arn: &str, why: &str) {
    let answer = try_to_ask_by(browser, arn, CLUSTER, LOOK).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    answer.says(why);
}

/// The usernames of the role mappings that Latchkey made: of lines, then of entries.
async fn mapped(stage: &Stage) -> Vec<String> {
    let roles = stage.aws_auth().await.remove("mapRoles").unwrap_or_default();
    let names = roles.split("latchkey:r.").skip(1).map(|rest| {
        let end = rest.find(['"', '\'', '\n']).unwrap_or(rest.len());
        format!("latchkey:r.{}", &rest[..end])
    });
    names.chain(stage.own_entries().into_iter().map(|entry| entry.username)).collect()
}

/// The username that the mapping of a pinned role has at this visit.
fn template(role: &AwsRole, visit: u32) -> String {
    format!("{}:{{{{SessionNameRaw}}}}", unpinned_name(role, visit))
}

/// The user that a session of a pinned role is at this visit.
fn rendered(holder: &Holder, visit: u32) -> String {
    format!("latchkey:r.{}:{visit}:{}", RoleKey::of(&holder.session.id), holder.session.name)
}

/// The user that everyone who uses a shared role is at this visit.
fn unpinned_name(role: &AwsRole, visit: u32) -> String {
    format!("latchkey:r.{}:{visit}", RoleKey::of(&role.id))
}

async fn cause(stage: &Stage, grant: &str) -> Option<String> {
    stage.value(&format!("select cause from access_grant where id = '{grant}'")).await
}

async fn residual(stage: &Stage, grant: &str) -> String {
    stage.value(&format!("select residual::text from access_grant where id = '{grant}'")).await.unwrap()
}

/// Lets the time pass after which another id of the same ARN counts.
async fn second_look(stage: &Stage) {
    let earlier = "update principal set differs_since = differs_since - interval '15 seconds'";
    sqlx::query(earlier).execute(stage.owner.pool()).await.unwrap();
    super::hands::look_again(stage).await;
}

/// Nothing of Latchkey's is left on the cluster, and the API server takes these people for nobody.
async fn nothing_is_left(stage: &Stage, callers: &[&Caller]) {
    assert_eq!(mapped(stage).await, Vec::<String>::new());
    assert_eq!(stage.bindings("payments").await, []);
    for caller in callers {
        let nobody = async || caller.list_pods_anew("payments").await == 401;
        stage.wait_until("who had access is nobody", nobody).await;
    }
}
