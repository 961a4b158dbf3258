//! AWS: the identity that Latchkey has there, and its rights.

use super::{
    Desk,
    report::{CheckResult, Paste},
    told, within,
};
use crate::{
    aws::{Aws, BOUNDARY_KEY, CallerIdentity, Simulated},
    fault::{Fault, FaultKind},
    machine,
    store::inspect,
    words::doctor::aws as words,
};
use latchkey_domain::{
    access::policy::PolicyFile,
    eks::{
        arn::{Partition, PrincipalArn, UserArn},
        aws_auth,
    },
    plan::{
        bootstrap::{WorkerStatement, iam_policy, iam_statements},
        rights::{AwsRight, sample, statements_adding},
    },
};
use std::collections::BTreeSet;

/// The most resources in one question to IAM.
const AT_ONCE: usize = 20;

/// The identity that AWS sees.
pub struct Caller {
    pub identity: CallerIdentity,
    /// The user, or the session's role without its path; none for the root user.
    pub principal: Option<PrincipalArn>,
}

/// The findings, and the caller's identity, if AWS tells it.
pub async fn look(desk: &Desk<'_>, policy: &PolicyFile, aws: &Aws) -> (Vec<CheckResult>, Option<Caller>) {
    const CHECK: &str = "aws.caller";
    // A machine that has the URL of the worker's database should also have the worker's credentials.
    let is_workers = desk.settings.database.worker_url.is_some();
    let known = tokio::time::timeout(desk.limit, aws.credentials(machine::now())).await;
    if !matches!(known, Ok(Ok(_))) {
        let said = words::no_credentials();
        let finding =
            if is_workers { CheckResult::failed(CHECK, said) } else { CheckResult::not_checked(CHECK, said.what) };
        return (vec![finding], None);
    }
    let identity = match tokio::time::timeout(desk.limit, aws.caller_identity()).await {
        Ok(Ok(identity)) => identity,
        Ok(Err(fault)) => return (vec![CheckResult::failed(CHECK, words::unknown_caller(&told(&fault)))], None),
        Err(_elapsed) => return (vec![CheckResult::failed(CHECK, words::unknown_caller("no answer in time"))], None),
    };
    let mut findings = vec![CheckResult::ok(CHECK, format!("Latchkey is {} (STS of {})", identity.arn, aws.region()))];
    findings.extend(places(policy, aws, &identity));
    let principal = PrincipalArn::parse(&aws_auth::canonical(&identity.arn)).ok();
    let caller = Caller { identity, principal };
    findings.extend(within(desk.limit, "aws.rights", rights(desk, policy, aws, &caller)).await);
    (findings, Some(caller))
}

/// Whether account and region match the policy's clusters.
fn places(policy: &PolicyFile, aws: &Aws, identity: &CallerIdentity) -> Vec<CheckResult> {
    let own = identity.account.as_str();
    let all = || policy.clusters.iter();
    let names = |filtered: Vec<String>| filtered.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let others = names(all().filter(|c| c.arn.account().as_str() != own).map(|c| c.arn.to_string()).collect());
    let partition = Partition::of_region(aws.region());
    let strange =
        names(all().filter(|c| partition.is_some_and(|p| p != c.arn.partition())).map(|c| c.arn.to_string()).collect());
    let mut findings = Vec::new();
    if others.is_empty() {
        findings.push(CheckResult::ok("aws.account", format!("every cluster is in account {own}")));
    } else {
        findings.push(CheckResult::failed("aws.account", words::other_account(own, &others)));
    }
    if !strange.is_empty() {
        findings.push(CheckResult::failed("aws.region", words::other_partition(aws.region(), &strange)));
    }
    findings
}

/// The rights that the policy needs in the caller's account. IAM is asked if it allows the question; else reads are
/// tried, which change nothing.
async fn rights(desk: &Desk<'_>, policy: &PolicyFile, aws: &Aws, caller: &Caller) -> Vec<CheckResult> {
    const CHECK: &str = "aws.rights";
    let Some(principal) = &caller.principal else {
        return vec![CheckResult::not_checked(
            CHECK,
            "what the root user may, who may everything: give the worker a role",
        )];
    };
    let own = caller.identity.account.as_str();
    let mut here = policy.clone();
    here.clusters.retain(|cluster| cluster.arn.account().as_str() == own);
    here.accounts.retain(|account| account.id.as_str() == own);
    let boundary = desk.args.permissions_boundary.as_deref();
    let statements = iam_statements(&here, boundary);
    match ask(aws, principal, &statements, boundary).await {
        Ok(answers) => answered(principal, &statements, &answers),
        Err(fault) => {
            let why = match fault.kind() {
                FaultKind::Refused { .. } => words::may_not_ask(principal.as_str()),
                _ => words::unanswered(&told(&fault)),
            };
            let mut findings = vec![CheckResult::not_checked(CHECK, why)];
            findings.extend(tries(desk, &here, aws, &statements).await);
            findings
        }
    }
}

/// IAM's answer for each right, in the order of the statements.
async fn ask(
    aws: &Aws,
    principal: &PrincipalArn,
    statements: &[WorkerStatement],
    boundary: Option<&str>,
) -> Result<Vec<(AwsRight, Simulated)>, Fault> {
    let mut answers = Vec::new();
    for statement in statements {
        for resources in statement.resources.chunks(AT_ONCE) {
            let samples: Vec<String> = resources.iter().map(|resource| sample(resource)).collect();
            let given = boundary.map(|boundary| (BOUNDARY_KEY, boundary.to_owned()));
            let conditions = statement.conditions.iter();
            let context: Vec<(&str, String)> =
                conditions.filter_map(|condition| Some((condition.key, condition.sample()?))).chain(given).collect();
            for answer in aws.simulate(principal, &statement.actions, &samples, &context).await? {
                let action = statement.actions.iter().find(|action| action.eq_ignore_ascii_case(&answer.action));
                let resource = samples.iter().position(|sample| *sample == answer.resource);
                let (Some(action), Some(resource)) = (action, resource.and_then(|at| resources.get(at))) else {
                    continue;
                };
                answers.push((AwsRight { action, resource: resource.clone() }, answer));
            }
        }
    }
    Ok(answers)
}

fn answered(
    principal: &PrincipalArn,
    statements: &[WorkerStatement],
    answers: &[(AwsRight, Simulated)],
) -> Vec<CheckResult> {
    const CHECK: &str = "aws.rights";
    let all: Vec<AwsRight> = statements
        .iter()
        .flat_map(|s| s.actions.iter().flat_map(|action| s.resources.iter().map(move |r| (*action, r))))
        .map(|(action, resource)| AwsRight { action, resource: resource.clone() })
        .collect();
    let (mut missing, mut denied, mut unsaid) = (BTreeSet::new(), Vec::new(), Vec::new());
    for right in &all {
        let words = format!("{} on {}", right.action, right.resource);
        match answers.iter().find(|(asked, _)| asked == right).map(|(_, answer)| answer) {
            Some(answer) if answer.allowed => {}
            Some(answer) if answer.denied => denied.push(words),
            Some(answer) if answer.unsaid.iter().any(|key| key.eq_ignore_ascii_case(BOUNDARY_KEY)) => {
                unsaid.push(words);
            }
            Some(_) | None => {
                missing.insert(right.clone());
            }
        }
    }
    let mut findings = Vec::new();
    if !missing.is_empty() {
        let named: Vec<String> =
            missing.iter().map(|right| format!("{} on {}", right.action, right.resource)).collect();
        let adding = iam_policy(&statements_adding(statements, &missing));
        let into = format!("one more inline policy of {principal}");
        findings.push(CheckResult {
            paste: Some(Paste { format: "json", into, text: adding }),
            ..CheckResult::failed(CHECK, words::lacks(principal.as_str(), &named))
        });
    }
    if !denied.is_empty() {
        findings.push(CheckResult::failed(CHECK, words::denied(principal.as_str(), &denied)));
    }
    if !unsaid.is_empty() {
        findings.push(CheckResult::warning(CHECK, words::boundary_unsaid(&unsaid)));
    }
    if findings.is_empty() {
        findings
            .push(CheckResult::ok(CHECK, format!("IAM says yes to all {} rights that the policy needs", all.len())));
    }
    findings
}

/// Reads a person's IAM user as the worker does. Writes cannot be tried without changing something.
async fn tries(desk: &Desk<'_>, here: &PolicyFile, aws: &Aws, statements: &[WorkerStatement]) -> Vec<CheckResult> {
    const CHECK: &str = "aws.users";
    let actions: BTreeSet<&str> =
        statements.iter().flat_map(|s| s.actions.iter().copied()).filter(|action| action.starts_with("iam:")).collect();
    if actions.is_empty() {
        return vec![];
    }
    // Which role there is to try it on is not known here.
    let is_tried =
        |action: &&str| (action.starts_with("iam:Get") || action.starts_with("iam:List")) && !action.contains("Role");
    let (reads, others): (Vec<&str>, Vec<&str>) = actions.into_iter().partition(is_tried);
    let mut findings = vec![match some_user(desk, here).await {
        None => CheckResult::not_checked(CHECK, format!("{}: no user is proven to try it on", reads.join(", "))),
        Some(user) => match aws.user(&user).await {
            Ok(Some(_)) => CheckResult::ok(CHECK, format!("{user} can be read with its inline policies")),
            Ok(None) => CheckResult::not_checked(CHECK, format!("{}: {user} is gone", reads.join(", "))),
            Err(fault) => {
                let missing = match fault.kind() {
                    FaultKind::Refused { missing } => missing.to_string(),
                    _ => told(&fault),
                };
                CheckResult::failed(CHECK, words::lacks("the worker", &[missing]))
            }
        },
    }];
    findings.push(CheckResult::not_checked(CHECK, words::not_asked(&others)));
    findings
}

async fn some_user(desk: &Desk<'_>, here: &PolicyFile) -> Option<UserArn> {
    let account = here.accounts.first()?;
    let store = desk.store.as_ref()?;
    let arn = inspect::some_user(store, account.id.as_str(), &account.principal_paths).await.ok()??;
    UserArn::parse(&arn).ok()
}
