//! The order in which each transaction locks rows, told from its statements: a person, requests, a principal, the
//! policy, accesses, then targets in the order of their keys.

use super::{
    acts::{ALL, Act},
    gate::{Commits, Statement},
    pairs::fought_over,
    scene::{Hands, said},
};

/// What a statement locks, in the order in which it has to come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Lock {
    Person,
    Request,
    Principal,
    Policy,
    Grants,
    Target(String, Vec<u8>),
}

/// What a statement locks that other sessions may want. Rows that the statement itself inserts are not counted.
fn lock(statement: &Statement) -> Option<Lock> {
    let text = statement.text.as_str();
    let parameter = |at: usize| statement.parameters.get(at).cloned().flatten().unwrap_or_default();
    let updates = |table: &str| text.starts_with(&format!("update {table} "));
    let selects =
        |table: &str| text.contains(&format!("from {table}")) && text.contains("for ") && text.contains("update");
    if text.contains("pg_advisory_xact_lock(hashtextextended($1, 0))") {
        return Some(Lock::Person);
    }
    if updates("request") || selects("request r") || selects("request where") || text.contains("for share of r") {
        return Some(Lock::Request);
    }
    if text.contains("from principal where") && text.contains("for ")
        || text.contains("for share of i")
        || updates("principal")
    {
        return Some(Lock::Principal);
    }
    if text.contains("advisory_xact_lock_shared") || text.contains("pg_advisory_xact_lock($1)") {
        return Some(Lock::Policy);
    }
    if updates("access_grant") || selects("access_grant g") {
        return Some(Lock::Grants);
    }
    // Both targets of an access at once, in the order of their keys, the cluster's first.
    if text.starts_with("with free as") && !text.contains("made as") {
        return Some(Lock::Target("cluster".to_owned(), parameter(0)));
    }
    if text.starts_with("insert into target") || selects("target where") {
        return Some(Lock::Target(String::from_utf8(parameter(0)).unwrap(), parameter(1)));
    }
    if updates("target") && text.contains("kind = 'cluster'") {
        return Some(Lock::Target("cluster".to_owned(), parameter(0)));
    }
    updates("target").then(|| Lock::Target(String::from_utf8(parameter(0)).unwrap(), parameter(1)))
}

#[tokio::test]
async fn every_transaction_locks_request_policy_accesses_and_targets_in_this_order() {
    let scene = fought_over().await;
    let hands = Hands::new(&scene.town, Commits::Undone).await;
    let mut wrong = Vec::new();
    let (mut transactions, mut locks) = (0, 0);
    for act in ALL {
        hands.gate.set(None);
        act.run(&scene, &hands).await.map_err(|error| said(error.as_ref())).unwrap();
        let passed = hands.gate.passed();
        for transaction in passed.split(|statement| statement.text == "BEGIN") {
            transactions += 1;
            // A row that the transaction has locked already is not locked again.
            let mut taken: Vec<Lock> = Vec::new();
            let makes = |table: &str| transaction.iter().any(|s| s.text.starts_with(&format!("insert into {table} ")));
            for next in transaction.iter().filter_map(lock) {
                let own = match next {
                    Lock::Request => makes("request"),
                    Lock::Grants => makes("access_grant"),
                    Lock::Person | Lock::Principal | Lock::Policy | Lock::Target(..) => false,
                };
                if own || taken.contains(&next) {
                    continue;
                }
                if let Some(last) = taken.iter().max().filter(|last| **last > next) {
                    wrong.push(format!("{act:?} locks {next:?} after {last:?}"));
                }
                taken.push(next);
            }
            locks += taken.len();
        }
        assert!(locks_something(act, &passed), "{act:?} locks nothing: {passed:#?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("lock order: {locks} locks of {transactions} transactions of {} actions taken in order", ALL.len());
}

/// Whether `lock` recognises a statement of this action. The actions listed first need not have one.
fn locks_something(act: Act, passed: &[Statement]) -> bool {
    match act {
        Act::ProveAgain
        | Act::SignIn
        | Act::BeginTrail
        | Act::CloseDangling
        | Act::CatchUp
        | Act::WroteAwsAuth
        | Act::Seal => true,
        _ => passed.iter().any(|statement| lock(statement).is_some()),
    }
}
