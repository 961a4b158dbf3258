//! Two people under one role, whose one mapping is both's.

use super::{Holder, mapped, nothing_is_left, rendered, template};
use crate::{
    rig::AwsRole,
    stage::{Stage, caller::Caller},
    story::people::{LOOK, give_back, until},
};
use latchkey_simulator::seed::AuthenticationMode::Api;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

crate::story::on_both_stages!(two_people_under_one_role_come_and_go_and_neither_cuts_the_other);

#[tokio::test(flavor = "multi_thread")]
async fn two_people_under_one_entry_come_and_go_and_neither_cuts_the_other() {
    let Some(stage) = Stage::simulated_in(Api).await else { return };
    two_people_under_one_role_come_and_go_and_neither_cuts_the_other(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_authenticator_lets_two_people_under_one_entry_come_and_go() {
    let Some(stage) = Stage::real_with(Api).await else { return };
    two_people_under_one_role_come_and_go_and_neither_cuts_the_other(&stage).await;
}

/// What happens to an access: of the first person, or of the second.
#[derive(Debug, Clone, Copy)]
enum Step {
    On(usize),
    Off(usize),
    /// The first gives an access back while the other's is set up.
    Handover(usize, usize),
}

use Step::{Handover, Off, On};

const ORDERS: [&[Step]; 4] = [
    &[On(0), On(1), Off(0), Off(1)],
    &[On(0), On(1), Off(1), Off(0)],
    &[On(0), Off(0), On(1), On(0), Off(1), Off(0)],
    &[On(1), Handover(1, 0), Off(0)],
];

async fn two_people_under_one_role_come_and_go_and_neither_cuts_the_other(stage: &Stage) {
    let role = stage.identity_center_role("payments-dev").await;
    let people = [Holder::proven(stage, "ana", &role).await, Holder::proven(stage, "gus", &role).await];
    // One caller for each: an API server remembers for 10 s who had a token, and another would use the same ones.
    let callers = people.each_ref().map(|holder| holder.caller(stage));
    let approver = stage.signed_in("ben").await;
    let before = stage.aws_auth().await;
    let mut visits = 0;
    for order in ORDERS {
        let mut at_work: [Option<AtWork>; 2] = [None, None];
        for step in order {
            match *step {
                On(one) => {
                    visits += u32::from(at_work.iter().all(Option::is_none));
                    let grant = people[one].given(stage, &approver, LOOK).await;
                    at_work[one] = Some(AtWork::begin(grant, callers[one].clone()).await);
                }
                Off(one) => {
                    let grant = at_work[one].take().unwrap().end().await;
                    people[one].gives_back(stage, &grant).await;
                }
                Handover(one, other) => {
                    let grant = at_work[one].take().unwrap().end().await;
                    give_back(&people[one].browser, &grant).await;
                    let next = people[other].given(stage, &approver, LOOK).await;
                    until(stage, &grant, "ended").await;
                    // Whether the mapping went in between is the worker's to choose.
                    visits = visit(&mapped(stage).await[0]);
                    at_work[other] = Some(AtWork::begin(next, callers[other].clone()).await);
                }
            }
            all_is_as(stage, &role, people.iter().zip(&callers).zip(&at_work), visits).await;
        }
        nothing_is_left(stage, &callers.each_ref()).await;
        assert_eq!(stage.aws_auth().await, before, "{order:?}");
    }
}

fn visit(username: &str) -> u32 {
    username.split(':').nth(2).unwrap().parse().unwrap()
}

/// One mapping while anybody is at work, one binding for each who is, and nobody else gets in.
async fn all_is_as<'a>(
    stage: &Stage,
    role: &AwsRole,
    people: impl Iterator<Item = ((&'a Holder, &'a Caller), &'a Option<AtWork>)>,
    visit: u32,
) {
    let people: Vec<_> = people.collect();
    let anybody = people.iter().any(|(_, work)| work.is_some());
    let wanted = if anybody { vec![template(role, visit)] } else { vec![] };
    assert_eq!(mapped(stage).await, wanted);
    let mut bound: Vec<_> = stage.bindings("payments").await.into_iter().flat_map(|(_, users)| users).collect();
    bound.sort();
    let working = people.iter().filter(|(_, work)| work.is_some());
    assert_eq!(bound, working.map(|((holder, _), _)| rendered(holder, visit)).collect::<Vec<_>>());
    for ((_, caller), work) in people {
        let status = caller.list_pods_anew("payments").await;
        match (work, anybody) {
            (Some(_), _) => assert_eq!(status, 200),
            // The mapping is there for the other: this one is known, and may do nothing.
            (None, true) => assert_eq!(status, 403),
            (None, false) => {}
        }
    }
}

/// A person who calls the cluster all the while.
struct AtWork {
    grant: String,
    over: Arc<AtomicBool>,
    calling: tokio::task::JoinHandle<Vec<u16>>,
}

impl AtWork {
    /// Begins with the first call after the access became active.
    async fn begin(grant: String, caller: Caller) -> Self {
        let first = caller.list_pods_anew("payments").await;
        assert_eq!(first, 200, "the first call");
        let over = Arc::new(AtomicBool::new(false));
        let calling = tokio::spawn({
            let over = Arc::clone(&over);
            async move {
                let mut answers = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    answers.push(caller.list_pods_anew("payments").await);
                    // Faster, and the tokens would be used again while an API server remembers them.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                answers
            }
        });
        Self { grant, over, calling }
    }

    /// Ends, and gives the access: each call was answered.
    async fn end(self) -> String {
        self.over.store(true, Ordering::SeqCst);
        let answers = self.calling.await.unwrap();
        let cut: Vec<_> = answers.iter().filter(|&&status| status != 200).collect();
        assert!(cut.is_empty(), "{} of {} calls were refused: {cut:?}", cut.len(), answers.len());
        self.grant
    }
}
